import { TroupeError } from "@troupe/core";
import type { ChatModel, ModelEvent, ModelRequest } from "../model/chat-model.ts";
import { estimateTokens } from "../model/estimate-tokens.ts";
import { totalTokens } from "../model/usage.ts";
import { type ModelMiddleware, standingFor } from "./model-middleware.ts";
import { retryAfterOf } from "./passing-faults.ts";
import type { RateLimiter } from "./rate-limiter.ts";

/** Output tokens that are assumed for a call which sets no limit of its own; what it really used is booked when it has ended. */
const assumedOutputTokens = 1_000;

/** How long everybody waits when a provider says "too many" and not for how long. */
const pauseMs = 1_000;

/**
 * Makes calls only as fast as a provider allows: one limiter for all models of one provider and key, whoever uses them.
 *
 * A provider that says "too many" all the same, stops all of them for as long as it asks. Put it inside the retry middleware, so that each
 * attempt waits for its turn.
 *
 * @example
 * ```ts
 * const limiter = new RateLimiter({ requestsPerMinute: 500, tokensPerMinute: 200_000 });
 * const limited = wrapModel(model, [retryMiddleware(), rateLimitMiddleware(limiter)]);
 * ```
 */
export function rateLimitMiddleware(limiter: RateLimiter): ModelMiddleware {
  return (model) => ({
    ...standingFor(model),
    generate: async (request) => {
      const lease = await limiter.acquire(probableTokens(request), request.signal);
      let used: number | undefined;
      try {
        const result = await model.generate(request);
        used = totalTokens(result.usage);
        return result;
      } catch (error) {
        throw heed(error, limiter);
      } finally {
        lease.release(used);
      }
    },
    stream: (request) => streamLimited(model, request, limiter),
  });
}

async function* streamLimited(
  model: ChatModel,
  request: ModelRequest,
  limiter: RateLimiter,
): AsyncGenerator<ModelEvent, void, undefined> {
  const lease = await limiter.acquire(probableTokens(request), request.signal);
  let used: number | undefined;
  try {
    for await (const event of model.stream(request)) {
      if (event.kind === "finish") used = totalTokens(event.result.usage);
      yield event;
    }
  } catch (error) {
    throw heed(error, limiter);
  } finally {
    lease.release(used);
  }
}

/** Everybody waits when one was sent away. */
function heed(error: unknown, limiter: RateLimiter): unknown {
  const isSentAway = TroupeError.isTroupeError(error) && error.code === "model.rate_limited";
  if (isSentAway) limiter.pause(retryAfterOf(error) ?? pauseMs);
  return error;
}

function probableTokens({ messages, tools, maxOutputTokens }: ModelRequest): number {
  return estimateTokens(messages, tools) + Math.min(maxOutputTokens ?? assumedOutputTokens, assumedOutputTokens);
}
