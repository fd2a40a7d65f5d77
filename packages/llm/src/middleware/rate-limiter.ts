import { type Clock, ConfigError, ModelError, systemClock, type TimerHandle } from "@troupe/core";

/** What a provider allows for one key. */
export interface RateLimiterOptions {
  readonly requestsPerMinute?: number | undefined;
  /** Input and output together. */
  readonly tokensPerMinute?: number | undefined;
  /** Calls at once. */
  readonly concurrency?: number | undefined;
  /** Milliseconds of the rates that may be used at once after a pause; default 1,000. */
  readonly burstMs?: number | undefined;
  /** The longest wait in milliseconds; a call that would wait longer is refused with `model.rate_limited`. Default: none. */
  readonly maxWaitMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** A place among the calls that may be made. */
export interface RateLease {
  /** The call has ended, and used so many tokens instead of what was assumed; undefined when nobody knows. */
  release(usedTokens: number | undefined): void;
}

interface Waiter {
  readonly tokens: number;
  readonly admit: () => void;
  readonly fail: (reason: unknown) => void;
}

/**
 * Lets calls through as fast as a provider allows for one key, first come, first served. Share one among all models of that provider and key.
 *
 * Rates are token buckets (J. Turner, "New directions in communications", IEEE Communications Magazine, 1986): they fill evenly, hold
 * `burstMs` of their rate, and a call larger than that is let through when they are full and paid off afterwards.
 *
 * Owns: the waiting calls, and one timer while there are any.
 * Invariants:
 * 1. Over any stretch of time no more calls start than the burst and the rate of that time.
 * 2. Calls start in the order in which they came; one that is aborted leaves no trace.
 * 3. With nobody waiting for time there is no timer.
 * 4. While a provider has asked for a pause, nothing starts.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #requests: Bucket | undefined;
  readonly #tokens: Bucket | undefined;
  readonly #concurrency: number;
  readonly #maxWaitMs: number;
  readonly #queue: Waiter[] = [];
  #running = 0;
  #pausedUntil = 0;
  #timer: TimerHandle | undefined;

  /** @throws ConfigError `config.invalid_option` for a limit that is not above zero. */
  constructor(options: RateLimiterOptions) {
    const { clock, ...limits } = options;
    for (const [option, value] of Object.entries(limits)) checkLimit(option, value);
    this.#clock = clock ?? systemClock;
    const { requestsPerMinute, tokensPerMinute, burstMs = 1_000 } = limits;
    const now = this.#clock.monotonic();
    this.#requests = requestsPerMinute === undefined ? undefined : new Bucket(requestsPerMinute, burstMs, now);
    this.#tokens = tokensPerMinute === undefined ? undefined : new Bucket(tokensPerMinute, burstMs, now);
    this.#concurrency = limits.concurrency ?? Number.POSITIVE_INFINITY;
    this.#maxWaitMs = limits.maxWaitMs ?? Number.POSITIVE_INFINITY;
  }

  /** Calls that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Waits for a place.
   *
   * @param tokens that the call will probably use.
   * @throws ModelError `model.rate_limited` when it would wait too long; the signal's own reason after an abort.
   */
  acquire(tokens: number, signal?: AbortSignal): Promise<RateLease> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const waitMs = this.#waitBehindOthers(tokens);
      if (waitMs > this.#maxWaitMs) return reject(wouldWait(waitMs));
      const leave = (): void => {
        this.#remove(waiter);
        waiter.fail(signal?.reason);
      };
      const waiter: Waiter = {
        tokens,
        admit: () => {
          signal?.removeEventListener("abort", leave);
          resolve(this.#lease(tokens));
        },
        fail: (reason) => {
          signal?.removeEventListener("abort", leave);
          reject(reason);
        },
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#queue.push(waiter);
      this.#pump();
    });
  }

  /** Lets nothing through for so long: the provider has said so. */
  pause(durationMs: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + durationMs);
    this.#pump();
  }

  #lease(tokens: number): RateLease {
    let isOpen = true;
    return {
      release: (usedTokens) => {
        if (!isOpen) return;
        isOpen = false;
        this.#running -= 1;
        if (usedTokens !== undefined) this.#tokens?.take(usedTokens - tokens, this.#clock.monotonic());
        this.#pump();
      },
    };
  }

  #remove(waiter: Waiter): void {
    const index = this.#queue.indexOf(waiter);
    if (index >= 0) this.#queue.splice(index, 1);
    this.#pump();
  }

  /** Lets through who may start now, and sets the timer for the next. */
  #pump(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (let [next] = this.#queue; next !== undefined; [next] = this.#queue) {
      const waitMs = this.#waitOf(next);
      if (waitMs > 0) return this.#wake(waitMs);
      if (this.#running >= this.#concurrency) return;
      this.#start(next);
    }
  }

  #start(waiter: Waiter): void {
    const now = this.#clock.monotonic();
    this.#queue.shift();
    this.#requests?.take(1, now);
    this.#tokens?.take(waiter.tokens, now);
    this.#running += 1;
    waiter.admit();
  }

  /** Milliseconds until a call that comes now could start, as far as the rates tell. */
  #waitBehindOthers(tokens: number): number {
    const now = this.#clock.monotonic();
    const ahead = this.#queue.reduce((sum, waiter) => sum + waiter.tokens, 0);
    return Math.max(
      this.#pausedUntil - now,
      this.#requests?.waitForAll(this.#queue.length, 1, now) ?? 0,
      this.#tokens?.waitForAll(ahead, tokens, now) ?? 0,
    );
  }

  #waitOf({ tokens }: Waiter): number {
    const now = this.#clock.monotonic();
    return Math.max(
      this.#pausedUntil - now,
      this.#requests?.waitFor(1, now) ?? 0,
      this.#tokens?.waitFor(tokens, now) ?? 0,
      0,
    );
  }

  #wake(waitMs: number): void {
    this.#timer = this.#clock.setTimer(Math.ceil(waitMs), () => this.#pump());
    this.#timer.keepAlive?.(true);
  }
}

/** One rate: what is in it now, negative while a large call is being paid off. */
class Bucket {
  readonly #perMs: number;
  readonly #capacity: number;
  #level: number;
  #filledAt: number;

  constructor(perMinute: number, burstMs: number, now: number) {
    this.#perMs = perMinute / 60_000;
    this.#capacity = Math.max(1, this.#perMs * burstMs);
    this.#level = this.#capacity;
    this.#filledAt = now;
  }

  take(amount: number, now: number): void {
    this.#fill(now);
    this.#level -= amount;
  }

  /** Milliseconds until an amount may be taken: never more than a full bucket is asked for. */
  waitFor(amount: number, now: number): number {
    return this.waitForAll(0, amount, now);
  }

  /** As `waitFor`, when other amounts are taken before. */
  waitForAll(before: number, amount: number, now: number): number {
    this.#fill(now);
    const missing = before + Math.min(amount, this.#capacity) - this.#level;
    // A whole millisecond is what a timer can wait; less is rounding.
    return missing <= 1e-9 ? 0 : missing / this.#perMs;
  }

  #fill(now: number): void {
    this.#level = Math.min(this.#capacity, this.#level + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
  }
}

function wouldWait(waitMs: number): ModelError {
  const retryAfterMs = Math.ceil(waitMs);
  return new ModelError("model.rate_limited", `The call would wait ${retryAfterMs} ms for its turn`, {
    remedy: "Raise the limits or maxWaitMs, or make fewer calls.",
    details: { retryAfterMs },
  });
}

function checkLimit(option: string, value: number | undefined): void {
  if (value === undefined || value > 0) return;
  throw new ConfigError("config.invalid_option", `The rate limit option "${option}" is ${value}.`, {
    remedy: "Give a number above zero, or leave it out.",
    details: { option },
  });
}
