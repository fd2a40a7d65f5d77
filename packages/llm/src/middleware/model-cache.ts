import { type Clock, ConfigError, type MaybePromise, systemClock } from "@troupe/core";

/** Where answers are kept: texts by key. A file, a database, a service. */
export interface ModelCache {
  get(key: string): MaybePromise<string | undefined>;
  set(key: string, text: string): MaybePromise<void>;
}

/** How much to keep, and how long. */
export interface MemoryModelCacheOptions {
  /** Default 1,000. */
  readonly maxEntries?: number | undefined;
  /** Milliseconds; default: for ever. */
  readonly ttlMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Keeps answers in memory.
 *
 * Owns: the entries. Invariant: 1. Never more than `maxEntries`: the one that was used longest ago goes first.
 */
export class MemoryModelCache implements ModelCache {
  readonly #entries = new Map<string, { readonly text: string; readonly until: number }>();
  readonly #maxEntries: number;
  readonly #ttlMs: number;
  readonly #clock: Clock;

  /** @throws ConfigError `config.invalid_option` for a number that is not above zero. */
  constructor(options: MemoryModelCacheOptions = {}) {
    this.#maxEntries = checkLimit("maxEntries", options.maxEntries ?? 1_000);
    this.#ttlMs = checkLimit("ttlMs", options.ttlMs ?? Number.POSITIVE_INFINITY);
    this.#clock = options.clock ?? systemClock;
  }

  /** Entries that are kept now. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string): string | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.until <= this.#clock.monotonic()) return undefined;
    this.#entries.set(key, entry);
    return entry.text;
  }

  set(key: string, text: string): void {
    this.#entries.delete(key);
    this.#entries.set(key, { text, until: this.#clock.monotonic() + this.#ttlMs });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#maxEntries && oldest !== undefined) this.#entries.delete(oldest);
  }
}

function checkLimit(option: string, value: number): number {
  if (value > 0) return value;
  throw new ConfigError("config.invalid_option", `The cache option "${option}" is ${value}.`, {
    remedy: "Give a number above zero, or leave it out.",
    details: { option },
  });
}
