import { canonicalJson, requestKey } from "../model/canonical-json.ts";
import type { ChatModel, ModelEvent, ModelRequest, ModelResult } from "../model/chat-model.ts";
import type { AssistantPart } from "../model/model-message.ts";
import { emptyUsage } from "../model/usage.ts";
import type { ModelCache } from "./model-cache.ts";
import { type ModelMiddleware, standingFor } from "./model-middleware.ts";

/** What a cache of answers is made of. */
export interface CacheOptions {
  readonly cache: ModelCache;
  /** Told when the cache itself fails; the call goes on without it. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * Answers a request that was answered before without asking again. Put it outermost.
 *
 * The key is the model's name and everything in the request that decides the answer: other tools, another temperature, another tool choice are
 * other requests. Only whole answers are kept (finish reason `stop` or `tool-calls`). An answer out of the cache is `cached`, used nothing, and
 * is a copy: nobody can change what others get. Both ways to ask share what is kept; a stream out of the cache has one piece for each part.
 */
export function cacheMiddleware(options: CacheOptions): ModelMiddleware {
  return (model) => ({
    ...standingFor(model),
    generate: async (request) => {
      request.signal?.throwIfAborted();
      const key = await keyOf(model, request);
      const known = await read(key, options);
      if (known !== undefined) return known;
      const result = await model.generate(request);
      await keep(key, result, options);
      return result;
    },
    stream: (request) => streamCached(model, request, options),
  });
}

async function* streamCached(
  model: ChatModel,
  request: ModelRequest,
  options: CacheOptions,
): AsyncGenerator<ModelEvent, void, undefined> {
  request.signal?.throwIfAborted();
  const key = await keyOf(model, request);
  const known = await read(key, options);
  if (known !== undefined) {
    for (const [index, part] of known.content.entries()) yield* eventsOf(part, index);
    yield { kind: "finish", result: known };
    return;
  }
  for await (const event of model.stream(request)) {
    if (event.kind === "finish") await keep(key, event.result, options);
    yield event;
  }
}

function* eventsOf(part: AssistantPart, index: number): Generator<ModelEvent> {
  const partId = `part-${index}`;
  if (part.kind === "text") yield { kind: "text-delta", partId, delta: part.text };
  if (part.kind === "reasoning") yield { kind: "reasoning-delta", partId, delta: part.text };
  if (part.kind !== "tool-call") return;
  yield { kind: "tool-call-delta", callId: part.callId, toolName: part.toolName, delta: part.arguments };
  yield { kind: "tool-call", call: part };
}

/** The model's name and a SHA-256 of the request: requests are as long as conversations. */
async function keyOf(model: ChatModel, request: ModelRequest): Promise<string> {
  const bytes = new TextEncoder().encode(requestKey(request));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `${model.name}:${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

async function read(key: string, { cache, onError }: CacheOptions): Promise<ModelResult | undefined> {
  try {
    const text = await cache.get(key);
    if (text === undefined) return undefined;
    const stored: unknown = JSON.parse(text);
    return isResult(stored) ? { ...stored, usage: emptyUsage, cached: true } : undefined;
  } catch (error) {
    onError?.(error);
    return undefined;
  }
}

async function keep(key: string, result: ModelResult, { cache, onError }: CacheOptions): Promise<void> {
  if (result.finishReason !== "stop" && result.finishReason !== "tool-calls") return;
  try {
    await cache.set(key, canonicalJson(result));
  } catch (error) {
    onError?.(error);
  }
}

/** What we wrote, or something that only looks like it: then it is as good as not there. */
function isResult(value: unknown): value is ModelResult {
  if (typeof value !== "object" || value === null || !("content" in value) || !("finishReason" in value)) return false;
  const { content } = value;
  return Array.isArray(content) && content.every((part) => typeof part === "object" && part !== null && "kind" in part);
}
