import { type Clock, ConfigError, ModelError, systemClock } from "@troupe/core";
import type { ChatModel, ModelEvent, ModelRequest } from "../model/chat-model.ts";
import { type ModelMiddleware, standingFor } from "./model-middleware.ts";
import { isPassingFault } from "./passing-faults.ts";

/** When to stop asking, and for how long. */
export interface CircuitBreakerOptions {
  /** Failures in a row that open the circuit; default 5. */
  readonly failures?: number | undefined;
  /** Milliseconds until one call may try again; default 30,000. Doubles with each try that fails, up to `maxOpenMs`. */
  readonly openMs?: number | undefined;
  /** Default 300,000. */
  readonly maxOpenMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** `closed`: calls are made; `open`: they are refused; `half-open`: one is under way to see whether the provider is back. */
export type CircuitState = "closed" | "open" | "half-open";

/**
 * Stops asking a provider that is down, so that calls fail at once instead of one after the other, and it can recover (M. Nygard, "Release
 * It!", 2007). Share one among all models of a provider.
 *
 * Only faults of the provider count (overload, server fault, network, time-out): a bad request or an abort says nothing about it.
 *
 * Owns: the count of failures. Invariants:
 * 1. While it is open, no call is made; when its time is over, one at a time.
 * 2. A call that ends well closes it.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #failures: number;
  readonly #openMs: number;
  readonly #maxOpenMs: number;
  #failed = 0;
  #openUntil: number | undefined;
  #lastOpenMs = 0;
  #isTrying = false;

  /** @throws ConfigError `config.invalid_option` for a number that is not above zero. */
  constructor(options: CircuitBreakerOptions = {}) {
    const { clock, ...limits } = options;
    for (const [option, value] of Object.entries(limits)) checkLimit(option, value);
    this.#clock = clock ?? systemClock;
    this.#failures = limits.failures ?? 5;
    this.#openMs = limits.openMs ?? 30_000;
    this.#maxOpenMs = limits.maxOpenMs ?? 300_000;
  }

  get state(): CircuitState {
    if (this.#openUntil === undefined) return "closed";
    return this.#isTrying || this.#clock.monotonic() >= this.#openUntil ? "half-open" : "open";
  }

  /** Milliseconds until a call may try; 0 when it may now. */
  get waitMs(): number {
    if (this.#openUntil === undefined) return 0;
    return Math.max(this.#isTrying ? 1 : 0, Math.ceil(this.#openUntil - this.#clock.monotonic()));
  }

  /** A call is about to be made. False when it must not. */
  enter(): boolean {
    if (this.#openUntil === undefined) return true;
    if (this.waitMs > 0) return false;
    this.#isTrying = true;
    return true;
  }

  /** A call has ended well. */
  succeed(): void {
    this.#failed = 0;
    this.#lastOpenMs = 0;
    this.#openUntil = undefined;
    this.#isTrying = false;
  }

  /** A call has failed, or was given up; only what the provider is to blame for counts. */
  fail(error: unknown): void {
    const wasTry = this.#isTrying;
    this.#isTrying = false;
    if (!isPassingFault(error)) return;
    this.#failed += 1;
    if (!wasTry && (this.#openUntil !== undefined || this.#failed < this.#failures)) return;
    this.#lastOpenMs = Math.min(this.#lastOpenMs === 0 ? this.#openMs : this.#lastOpenMs * 2, this.#maxOpenMs);
    this.#openUntil = this.#clock.monotonic() + this.#lastOpenMs;
  }
}

/**
 * Puts a circuit breaker around a model. Its model throws ModelError `model.circuit_open`, with `details.retryAfterMs`, while it is open: other
 * middleware takes that for a fault that passes.
 */
export function circuitBreakerMiddleware(breaker: CircuitBreaker): ModelMiddleware {
  return (model) => ({
    ...standingFor(model),
    generate: async (request) => {
      enter(model, breaker);
      try {
        const result = await model.generate(request);
        breaker.succeed();
        return result;
      } catch (error) {
        breaker.fail(error);
        throw error;
      }
    },
    stream: (request) => streamGuarded(model, request, breaker),
  });
}

async function* streamGuarded(
  model: ChatModel,
  request: ModelRequest,
  breaker: CircuitBreaker,
): AsyncGenerator<ModelEvent, void, undefined> {
  enter(model, breaker);
  let isOver = false;
  try {
    for await (const event of model.stream(request)) {
      if (event.kind === "finish") {
        isOver = true;
        breaker.succeed();
      }
      yield event;
    }
  } catch (error) {
    isOver = true;
    breaker.fail(error);
    throw error;
  } finally {
    // A reader that leaves says nothing about the provider, and must not keep the next one from trying.
    if (!isOver) breaker.fail(undefined);
  }
}

function enter(model: ChatModel, breaker: CircuitBreaker): void {
  if (breaker.enter()) return;
  const retryAfterMs = breaker.waitMs;
  throw new ModelError("model.circuit_open", `Model "${model.name}" is not asked: its provider has failed too often`, {
    remedy: "Wait, or put another model behind it with fallbackModel.",
    details: { model: model.name, retryAfterMs },
  });
}

function checkLimit(option: string, value: number | undefined): void {
  if (value === undefined || value > 0) return;
  throw new ConfigError("config.invalid_option", `The circuit breaker option "${option}" is ${value}.`, {
    remedy: "Give a number above zero, or leave it out.",
    details: { option },
  });
}
