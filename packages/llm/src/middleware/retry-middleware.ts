import {
  type Clock,
  ConfigError,
  createSystemRandom,
  type RandomSource,
  systemClock,
  type TroupeError,
} from "@troupe/core";
import type { ChatModel, ModelEvent, ModelRequest, ModelResult } from "../model/chat-model.ts";
import { waitFor } from "../model/wait.ts";
import { type ModelMiddleware, standingFor } from "./model-middleware.ts";
import { isPassingFault, retryAfterOf } from "./passing-faults.ts";

/** One retry that is about to be waited for. */
export interface ModelRetry {
  readonly model: string;
  /** 1 for the first retry. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: TroupeError;
}

/** When and how often a failed call is repeated. */
export interface RetryOptions {
  /** Further attempts after the first; default 3. */
  readonly retries?: number | undefined;
  /** Upper bound of the first delay, doubled with each attempt; default 500. */
  readonly baseDelayMs?: number | undefined;
  /** Upper bound of any delay; default 20,000. */
  readonly maxDelayMs?: number | undefined;
  /** The longest Retry-After to obey: a provider that asks for more is not waited for; default 60,000. */
  readonly maxRetryAfterMs?: number | undefined;
  /** Told before each wait: for logs, events and ledgers. */
  readonly onRetry?: ((retry: ModelRetry) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: RandomSource | undefined;
}

/**
 * Repeats calls that failed for a passing reason: rate limit, overload, server fault, network, time-out.
 *
 * Delays are drawn by "full jitter" (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), so that many agents that
 * failed together do not come back together; a Retry-After is a lower bound. A stream is repeated only while nothing of it was delivered.
 * An abort ends a wait at once.
 *
 * @throws ConfigError `config.invalid_option` for a negative number. Its model throws the last error when no retry is left.
 */
export function retryMiddleware(options: RetryOptions = {}): ModelMiddleware {
  const policy = toPolicy(options);
  return (model) => ({
    ...standingFor(model),
    generate: (request) => generateWithRetry(model, request, policy),
    stream: (request) => streamWithRetry(model, request, policy),
  });
}

interface RetryPolicy {
  readonly retries: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  readonly maxRetryAfterMs: number;
  readonly onRetry: ((retry: ModelRetry) => void) | undefined;
  readonly clock: Clock;
  readonly random: RandomSource;
}

function toPolicy(options: RetryOptions): RetryPolicy {
  const policy = {
    retries: options.retries ?? 3,
    baseDelayMs: options.baseDelayMs ?? 500,
    maxDelayMs: options.maxDelayMs ?? 20_000,
    maxRetryAfterMs: options.maxRetryAfterMs ?? 60_000,
  };
  for (const [option, value] of Object.entries(policy)) {
    if (value >= 0) continue;
    throw new ConfigError("config.invalid_option", `The retry option "${option}" is ${value}.`, {
      remedy: "Give zero or more.",
    });
  }
  return {
    ...policy,
    onRetry: options.onRetry,
    clock: options.clock ?? systemClock,
    random: options.random ?? createSystemRandom(),
  };
}

async function generateWithRetry(model: ChatModel, request: ModelRequest, policy: RetryPolicy): Promise<ModelResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await model.generate(request);
    } catch (error) {
      await waitOrThrow({ error, attempt, model, request }, policy);
    }
  }
}

async function* streamWithRetry(
  model: ChatModel,
  request: ModelRequest,
  policy: RetryPolicy,
): AsyncGenerator<ModelEvent, void, undefined> {
  for (let attempt = 1; ; attempt += 1) {
    let hasDelivered = false;
    try {
      for await (const event of model.stream(request)) {
        hasDelivered = true;
        yield event;
      }
      return;
    } catch (error) {
      if (hasDelivered) throw error;
      await waitOrThrow({ error, attempt, model, request }, policy);
    }
  }
}

interface FailedAttempt {
  readonly error: unknown;
  readonly attempt: number;
  readonly model: ChatModel;
  readonly request: ModelRequest;
}

/** Waits before the next attempt, or throws the error when there is none. */
async function waitOrThrow({ error, attempt, model, request }: FailedAttempt, policy: RetryPolicy): Promise<void> {
  request.signal?.throwIfAborted();
  if (!isPassingFault(error) || attempt > policy.retries) throw error;
  const atLeastMs = retryAfterOf(error) ?? 0;
  if (atLeastMs > policy.maxRetryAfterMs) throw error;
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
  const delayMs = Math.round(atLeastMs + policy.random.next() * ceiling);
  policy.onRetry?.({ model: model.name, attempt, delayMs, error });
  await waitFor(policy.clock, delayMs, request.signal);
}
