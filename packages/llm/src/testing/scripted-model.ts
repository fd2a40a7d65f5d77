import { everyCapability } from "../model/every-capability.ts";
import { type Clock, raceSignal, systemClock } from "@troupe/core";
import { canonicalJson } from "../model/canonical-json.ts";
import type { ChatModel, ModelCapabilities, ModelEvent, ModelRequest, ModelResult } from "../model/chat-model.ts";
import { estimateOutputTokens, estimateTokens } from "../model/estimate-tokens.ts";
import type { AssistantPart } from "../model/model-message.ts";
import type { ScriptedPart, ScriptedReply } from "./reply.ts";
import { type Script, type ScriptReader, createScriptReader } from "./script.ts";
import { partEvents } from "./scripted-stream.ts";
import { waitFor } from "../model/wait.ts";

/** How a scripted model presents itself. */
export interface ScriptedModelOptions {
  /** Default `scripted:model`. */
  readonly name?: string | undefined;
  /** Laid over the defaults: everything a model can do, window unknown. */
  readonly capabilities?: Partial<ModelCapabilities> | undefined;
  /** Where delays are measured; default the system's clock. */
  readonly clock?: Clock | undefined;
  /** Characters in one streamed piece of text; default 16. */
  readonly chunkSize?: number | undefined;
  /** How many of the last requests to keep in `requests`; default 1,000. */
  readonly keepRequests?: number | undefined;
}

type PlayedReply = Exclude<ScriptedReply, { readonly kind: "hang" }>;

/**
 * A chat model that says what it is told, for tests and demonstrations without a network.
 *
 * It owns its position in the script and the record of requests; it knows nothing of agents or runs.
 *
 * 1. Every call takes one reply, in the order in which calls start; a call whose signal has aborted before it starts takes none.
 * 2. `stream` and `generate` give the same result for the same reply.
 * 3. An abort ends a call at once, with the signal's own reason, and leaves no listener and no timer.
 *
 * @example
 * ```ts
 * const model = new ScriptedModel([reply.toolCall("add", { a: 1, b: 2 }), "The sum is 3."]);
 * ```
 * @throws ConfigError `config.invalid_option` when the script is not valid.
 */
export class ScriptedModel implements ChatModel {
  readonly kind = "chat-model";
  readonly name: string;
  readonly capabilities: ModelCapabilities;
  readonly #read: ScriptReader;
  readonly #clock: Clock;
  readonly #chunkSize: number;
  readonly #keepRequests: number;
  readonly #requests: ModelRequest[] = [];
  #calls = 0;

  constructor(script: Script, options: ScriptedModelOptions = {}) {
    this.#read = createScriptReader(script);
    this.name = options.name ?? "scripted:model";
    this.capabilities = { ...everyCapability, ...options.capabilities };
    this.#clock = options.clock ?? systemClock;
    this.#chunkSize = options.chunkSize ?? 16;
    this.#keepRequests = options.keepRequests ?? 1000;
  }

  /** The last requests, oldest first; their message lists are copies. */
  get requests(): readonly ModelRequest[] {
    return this.#requests;
  }

  /** How many calls have started. */
  get calls(): number {
    return this.#calls;
  }

  /** @throws ModelError `model.script_exhausted` when no reply is left, `model.cassette_miss` when no recording matches; the scripted error. */
  async generate(request: ModelRequest): Promise<ModelResult> {
    const { played, seed } = await this.#begin(request);
    if (played.kind === "failure") throw played.error;
    return toResult(request, played, toParts(played.parts, seed));
  }

  /** @throws ModelError as `generate`; a scripted failure comes after its text. */
  async *stream(request: ModelRequest): AsyncGenerator<ModelEvent, void, undefined> {
    const { played, seed } = await this.#begin(request);
    const { chunkSize = this.#chunkSize, chunkDelayMs = 0 } = played.options;
    const parts = toParts(played.parts, seed);
    for (const [index, part] of parts.entries()) {
      for (const event of partEvents(part, index, chunkSize)) {
        request.signal?.throwIfAborted();
        yield event;
        if (chunkDelayMs > 0) await waitFor(this.#clock, chunkDelayMs, request.signal);
      }
    }
    request.signal?.throwIfAborted();
    if (played.kind === "failure") throw played.error;
    yield { kind: "finish", result: toResult(request, played, parts) };
  }

  async #begin(request: ModelRequest): Promise<{ played: PlayedReply; seed: () => string }> {
    request.signal?.throwIfAborted();
    const index = this.#calls;
    this.#calls += 1;
    this.#record(request);
    const turn = request.messages.filter((message) => message.role === "assistant").length;
    const played = await raceSignal(this.#read(request, { index, turn }), request.signal);
    if (played.kind === "hang") return raceSignal(new Promise<never>(() => {}), request.signal);
    if ((played.options.delayMs ?? 0) > 0) await waitFor(this.#clock, played.options.delayMs ?? 0, request.signal);
    return { played, seed: () => `${index + 1}-${shortHash(requestMark(request))}` };
  }

  #record(request: ModelRequest): void {
    this.#requests.push({ ...request, messages: [...request.messages] });
    if (this.#requests.length > this.#keepRequests) this.#requests.shift();
  }
}

function toResult(request: ModelRequest, played: PlayedReply, content: readonly AssistantPart[]): ModelResult {
  const callsTools = content.some((part) => part.kind === "tool-call");
  return {
    content,
    finishReason: played.options.finishReason ?? (callsTools ? "tool-calls" : "stop"),
    usage: {
      inputTokens: estimateTokens(request.messages, request.tools),
      outputTokens: estimateOutputTokens(content),
      cachedInputTokens: 0,
      reasoningTokens: estimateOutputTokens(content.filter((part) => part.kind === "reasoning")),
      estimated: played.options.usage === undefined,
      ...played.options.usage,
    },
  };
}

function toParts(parts: readonly ScriptedPart[], seed: () => string): AssistantPart[] {
  return parts.map((part, index) => {
    if (part.kind !== "scripted-tool-call") return part;
    return {
      kind: "tool-call",
      callId: part.callId ?? `call-${seed()}-${index}`,
      toolName: part.name,
      arguments: part.argumentsText ?? JSON.stringify(part.arguments ?? {}),
    };
  });
}

/** Enough of a request to tell its conversation and turn from others; hashing a whole long history at every call would be slow. */
function requestMark({ messages }: ModelRequest): string {
  return canonicalJson([messages.length, messages[0] ?? null, messages.at(-1) ?? null]);
}

/** FNV-1a, 32 bit (http://www.isthe.com/chongo/tech/comp/fnv/): enough to tell the requests of a test apart. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
