import { ConfigError, ModelError } from "@troupe/core";
import { canonicalJson, requestKey } from "../model/canonical-json.ts";
import type { ModelRequest } from "../model/chat-model.ts";
import type { ScriptReader } from "./script.ts";
import { type ScriptedReply, reply } from "./reply.ts";

/** One recorded exchange. The request is matched by value, without its signal and headers. */
export interface CassetteEntry {
  readonly request: ModelRequest;
  readonly reply: string | ScriptedReply;
}

/** Recorded exchanges, looked up by request: the same request always gets the same answer, however often and in whatever order. */
export interface Cassette {
  readonly kind: "cassette";
  readonly entries: readonly CassetteEntry[];
}

/** Makes a cassette of recorded exchanges. */
export function cassette(entries: readonly CassetteEntry[]): Cassette {
  return { kind: "cassette", entries };
}

/** Whether a script is a cassette. */
export function isCassette(script: unknown): script is Cassette {
  return typeof script === "object" && script !== null && "kind" in script && script.kind === "cassette";
}

/**
 * Indexes a cassette by request.
 *
 * @throws ConfigError `config.invalid_option` when two entries hold the same request.
 */
export function createCassetteReader(tape: Cassette): ScriptReader {
  const replies = new Map<string, ScriptedReply>();
  tape.entries.forEach((entry, index) => {
    const key = requestKey(entry.request);
    if (replies.has(key)) {
      throw new ConfigError("config.invalid_option", `Entry ${index} of the cassette repeats an earlier request.`, {
        remedy: "Keep one reply for each request.",
      });
    }
    replies.set(key, typeof entry.reply === "string" ? reply.text(entry.reply) : entry.reply);
  });
  return (request) => {
    const found = replies.get(requestKey(request));
    return found === undefined ? Promise.reject(missError(tape, request)) : Promise.resolve(found);
  };
}

function missError(tape: Cassette, request: ModelRequest): ModelError {
  const asked = comparable(request);
  let nearest = { path: "", index: -1, shared: -1 };
  tape.entries.forEach((entry, index) => {
    const recorded = comparable(entry.request);
    const difference = asked.findIndex((line, position) => line !== recorded[position]);
    const shared = difference < 0 ? asked.length : difference;
    if (shared > nearest.shared) nearest = { path: asked[shared] ?? recorded[shared] ?? "", index, shared };
  });
  const hint =
    nearest.index < 0
      ? "The cassette is empty."
      : `The nearest recording is entry ${nearest.index}; the first difference is at ${nearest.path}.`;
  return new ModelError("model.cassette_miss", `No recording matches the request. ${hint}`, {
    remedy: "Record the exchange again, or undo the change of the request.",
  });
}

/** The request as lines `path = value`, in a fixed order, so that two requests can be compared line by line. */
function comparable(request: ModelRequest): string[] {
  const lines: string[] = [];
  flatten("request", JSON.parse(requestKey(request)), lines);
  return lines;
}

function flatten(path: string, value: unknown, lines: string[]): void {
  if (typeof value !== "object" || value === null) {
    lines.push(`${path} = ${canonicalJson(value)}`);
    return;
  }
  for (const [key, member] of Object.entries(value))
    flatten(Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, member, lines);
}
