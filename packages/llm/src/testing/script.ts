import { ConfigError, ModelError } from "@troupe/core";
import type { ModelRequest } from "../model/chat-model.ts";
import { type Cassette, createCassetteReader, isCassette } from "./cassette.ts";
import { type ScriptedReply, reply } from "./reply.ts";

/** What a scripting function may know besides the request. */
export interface ScriptedCall {
  /** How many calls this model has had before, over all runs. */
  readonly index: number;
  /** How many assistant messages the request holds: the turn of this conversation, equal in every process and run. */
  readonly turn: number;
}

/** An entry of a script: words, a reply, or a function of the request. */
export type ScriptEntry = string | ScriptedReply | ScriptFunction;

/** Decides one answer from nothing but the request. */
export type ScriptFunction = (
  request: ModelRequest,
  call: ScriptedCall,
) => string | ScriptedReply | Promise<string | ScriptedReply>;

/**
 * A list is handed out in the order of calls, whoever calls; a function or a cassette decides from the request, so it also serves
 * concurrent runs and runs that resume in another process.
 */
export type Script = readonly ScriptEntry[] | ScriptFunction | Cassette;

/** Finds the reply to one request. */
export type ScriptReader = (request: ModelRequest, call: ScriptedCall) => Promise<ScriptedReply>;

/**
 * A script that answers by the turn of the conversation instead of the order of calls: the n-th answer goes to the request that holds n
 * assistant messages. It keeps no state: concurrent runs and resumed runs all get their own n-th answer.
 *
 * @throws ModelError `model.script_exhausted` when called, for a conversation longer than the list.
 */
export function byTurn(entries: readonly ScriptEntry[]): ScriptFunction {
  entries.forEach(checkEntry);
  return (request, call) => readEntry(entryAt(entries, call.turn), request, call);
}

/**
 * Checks a script and makes its reader.
 *
 * @throws ConfigError `config.invalid_option` when an entry is none of the documented forms.
 */
export function createScriptReader(script: Script): ScriptReader {
  if (typeof script === "function") return (request, call) => readEntry(script, request, call);
  if (isCassette(script)) return createCassetteReader(script);
  if (!isEntryList(script)) throw invalidScript("The script is not a list, a function or a cassette.");
  script.forEach(checkEntry);
  return (request, call) => readEntry(entryAt(script, call.index), request, call);
}

function isEntryList(script: Script): script is readonly ScriptEntry[] {
  return Array.isArray(script);
}

function entryAt(entries: readonly ScriptEntry[], index: number): ScriptEntry {
  const entry = entries[index];
  if (entry !== undefined) return entry;
  throw new ModelError(
    "model.script_exhausted",
    `The script has ${entries.length} replies, and reply ${index + 1} was asked for.`,
    {
      remedy:
        "Add a reply, or find out why the model is called more often than expected (see `requests` of the scripted model).",
      details: { replies: entries.length, asked: index + 1 },
    },
  );
}

async function readEntry(entry: ScriptEntry, request: ModelRequest, call: ScriptedCall): Promise<ScriptedReply> {
  if (typeof entry !== "function") return toReply(entry);
  const produced: unknown = await entry(request, call);
  if (isReplyForm(produced)) return toReply(produced);
  throw invalidScript("The script function did not return a string or a reply.");
}

function toReply(entry: string | ScriptedReply): ScriptedReply {
  const result = typeof entry === "string" ? reply.text(entry) : entry;
  checkReply(result);
  return result;
}

function checkEntry(entry: unknown, index: number): void {
  if (typeof entry === "function") return;
  if (!isReplyForm(entry)) throw invalidScript(`Entry ${index} of the script is not a string, a reply or a function.`);
  if (typeof entry !== "string") checkReply(entry, `Entry ${index} of the script`);
}

function isReplyForm(value: unknown): value is string | ScriptedReply {
  if (typeof value === "string") return true;
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  return (
    value.kind === "hang" ||
    ((value.kind === "answer" || value.kind === "failure") && "parts" in value && Array.isArray(value.parts))
  );
}

function checkReply(entry: ScriptedReply, where = "The reply"): void {
  if (entry.kind === "hang") return;
  const { delayMs = 0, chunkDelayMs = 0, chunkSize = 1 } = entry.options;
  if (!(delayMs >= 0 && chunkDelayMs >= 0)) throw invalidScript(`${where} has a negative delay.`);
  if (!(Number.isInteger(chunkSize) && chunkSize > 0))
    throw invalidScript(`${where} has a chunk size that is not a positive integer.`);
  for (const part of entry.parts) {
    if (part.kind === "scripted-tool-call" && part.name === "")
      throw invalidScript(`${where} calls a tool without a name.`);
  }
}

function invalidScript(message: string): ConfigError {
  return new ConfigError("config.invalid_option", message, {
    remedy:
      'Build entries with `reply.text("...")`, `reply.toolCall("name", { ... })` and the like, or use a function that returns them.',
  });
}
