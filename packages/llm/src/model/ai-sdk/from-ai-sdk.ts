import { type Clock, ModelError, raceSignal, systemClock } from "@troupe/core";
import type { ChatModel, ModelCapabilities, ModelEvent, ModelRequest, ModelResult } from "../chat-model.ts";
import type { HistoryRules } from "../history/history-rules.ts";
import type { JsonObject } from "../json.ts";
import type { AssistantPart } from "../model-message.ts";
import { type AiSdkModel, isAiSdkModel } from "./ai-sdk-model.ts";
import { answeringModel, buildResult, interruptedError } from "./answer/build-result.ts";
import { isRecord, listAt, type UnknownRecord } from "./json-guards.ts";
import { toModelError } from "./failure/model-error.ts";
import { knownCapabilities, rulesFor, rulesOf, strictKeyOf } from "./provider-profile.ts";
import { type CallIds, createCallIds, readPart } from "./answer/read-content.ts";
import { isAttested } from "./answer/read-usage.ts";
import { AnswerCollector } from "./answer/read-stream.ts";
import { PromptCache } from "./prompt/prompt-cache.ts";
import { type PromptForm, toCallOptions } from "./prompt/to-call-options.ts";

/** How an AI SDK model is presented to agents. */
export interface FromAiSdkOptions {
  /** Default `provider:modelId`, with the provider's name up to its first dot. */
  readonly name?: string | undefined;
  /** Laid over what is known of the model. */
  readonly capabilities?: Partial<ModelCapabilities> | undefined;
  /** The form of histories; default by provider. */
  readonly rules?: HistoryRules | undefined;
  /** Default the system's clock. */
  readonly clock?: Clock | undefined;
}

/**
 * Makes a chat model of any AI SDK language model (specification v2, v3 or v4).
 *
 * Histories pass the gate (`normalize`) on their way; provider metadata goes into the answer and back with the next request; missing usage
 * is estimated and marked. Aborts take effect at once, also when the provider ignores the signal. Files given by URL are handed on as URLs:
 * the provider must be able to fetch them.
 *
 * @throws ModelError, from its methods: `model.rate_limited` (with `details.retryAfterMs`), `model.unauthorized`, `model.bad_request`,
 * `model.context_overflow`, `model.overloaded`, `model.server_error`, `model.network`, `model.timeout`, `model.invalid_response`,
 * `model.not_found`, `model.quota_exhausted`, `model.failed`.
 */
export function fromAiSdk(model: AiSdkModel, options: FromAiSdkOptions = {}): ChatModel {
  return new AiSdkChatModel(model, options);
}

/** A chat model as it is, or one made of an AI SDK model: what every `model:` option accepts. */
export function toChatModel(model: ChatModel | AiSdkModel): ChatModel {
  return isAiSdkModel(model) ? fromAiSdk(model) : model;
}

class AiSdkChatModel implements ChatModel {
  readonly kind = "chat-model";
  readonly name: string;
  readonly capabilities: ModelCapabilities;
  readonly #model: AiSdkModel;
  readonly #form: PromptForm;
  readonly #clock: Clock;

  constructor(model: AiSdkModel, options: FromAiSdkOptions) {
    this.#model = model;
    this.name = options.name ?? `${model.provider.split(".")[0] ?? model.provider}:${model.modelId}`;
    this.capabilities = { ...knownCapabilities(model.provider, model.modelId), ...options.capabilities };
    const rules = rulesFor(options.rules ?? rulesOf(model.provider), this.capabilities);
    const strictKey = strictKeyOf(model.provider);
    this.#form = { version: model.specificationVersion, cache: new PromptCache(rules), strictKey };
    this.#clock = options.clock ?? systemClock;
  }

  async generate(request: ModelRequest): Promise<ModelResult> {
    request.signal?.throwIfAborted();
    try {
      const outcome = await this.#call("doGenerate", request);
      return readGenerated(outcome, request, idsFor(request, this.#form.cache));
    } catch (error) {
      throw this.#failure(error, request);
    }
  }

  async *stream(request: ModelRequest): AsyncGenerator<ModelEvent, void, undefined> {
    request.signal?.throwIfAborted();
    let reader: ReadableStreamDefaultReader<unknown> | undefined;
    try {
      const outcome = await this.#call("doStream", request);
      reader = openReader(outcome["stream"]);
      yield* readEvents(reader, request, idsFor(request, this.#form.cache));
    } catch (error) {
      throw this.#failure(error, request);
    } finally {
      // Ends the request also when the consumer has left; an error here is about a stream that nobody reads.
      reader?.cancel().catch(() => {});
    }
  }

  async #call(method: "doGenerate" | "doStream", request: ModelRequest): Promise<UnknownRecord> {
    const options = toCallOptions(request, this.#form);
    const pending: unknown = Reflect.apply(this.#model[method], this.#model, [options]);
    const outcome = await raceSignal(Promise.resolve(pending), request.signal);
    if (!isRecord(outcome)) throw invalidResponse(`"${method}" of the model gave no object.`);
    return outcome;
  }

  /** The signal's own reason after an abort, whatever the provider made of it; else a typed error. */
  #failure(error: unknown, request: ModelRequest): unknown {
    if (request.signal?.aborted) return request.signal.reason;
    return toModelError(error, {
      provider: this.#model.provider,
      modelId: this.#model.modelId,
      nowMs: this.#clock.now(),
    });
  }
}

function readGenerated(outcome: UnknownRecord, request: ModelRequest, ids: CallIds): ModelResult {
  const content: AssistantPart[] = [];
  const sources: JsonObject[] = [];
  const notes: string[] = [];
  for (const part of listAt(outcome, "content")) {
    const read = readPart(isRecord(part) ? part : {}, ids);
    if (read.kind === "part") content.push(read.part);
    if (read.kind === "source") sources.push(read.source);
    if (read.kind === "skipped") notes.push(read.warning);
  }
  return buildResult(request, {
    content,
    sources,
    notes,
    warnings: listAt(outcome, "warnings"),
    finish: outcome,
    modelId: answeringModel(outcome),
  });
}

async function* readEvents(
  reader: ReadableStreamDefaultReader<unknown>,
  request: ModelRequest,
  ids: CallIds,
): AsyncGenerator<ModelEvent, void, undefined> {
  const collector = new AnswerCollector(ids);
  for (;;) {
    const { done, value } = await raceSignal(reader.read(), request.signal);
    if (done) break;
    if (!isRecord(value)) continue;
    if (value["type"] === "error") throw value["error"];
    const event = collector.take(value);
    if (event !== undefined) yield event;
  }
  const { content, sources, warnings, notes, finish, modelId } = collector;
  if (finish === undefined || !isAttested(finish)) throw interruptedError();
  yield { kind: "finish", result: buildResult(request, { content, sources, warnings, notes, finish, modelId }) };
}

function openReader(stream: unknown): ReadableStreamDefaultReader<unknown> {
  if (isReadableStream(stream)) return stream.getReader();
  throw invalidResponse('"doStream" of the model gave no stream.');
}

function invalidResponse(message: string): ModelError {
  return new ModelError("model.invalid_response", message, {
    remedy: "Check that the object is a language model of the AI SDK.",
  });
}

/** By structure: the stream may come from a polyfill or another realm. */
function isReadableStream(value: unknown): value is ReadableStream<unknown> {
  return typeof value === "object" && value !== null && "getReader" in value && typeof value.getReader === "function";
}

/** Looks for an id in the history only when an answer holds a call: most histories are long and most answers short. */
function idsFor({ messages }: ModelRequest, cache: PromptCache): CallIds {
  return createCallIds((callId) => cache.hasCall(messages, callId));
}
