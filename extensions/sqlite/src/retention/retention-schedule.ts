import type { Clock } from "@troupe/core";

/** When to sweep. */
export interface RetentionScheduleOptions {
  readonly clock: Clock;
  readonly everyMs: number | undefined;
  readonly sweep: () => Promise<unknown>;
}

const defaultEveryMs = 600_000;

/** Sweeps after a write, when the last sweep is long enough ago: a store that nobody writes has nothing to drop, and needs no timer. */
export class RetentionSchedule {
  readonly #options: RetentionScheduleOptions;
  readonly #everyMs: number;
  #nextAt = 0;
  #running: Promise<void> | undefined;

  constructor(options: RetentionScheduleOptions) {
    this.#options = options;
    this.#everyMs = options.everyMs ?? defaultEveryMs;
  }

  /** Something was written. */
  touch(): void {
    if (this.#running !== undefined || this.#options.clock.monotonic() < this.#nextAt) return;
    this.#running = this.#sweep();
  }

  /** Resolves when no sweep is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #sweep(): Promise<void> {
    try {
      await this.#options.sweep();
    } catch {
      // The store closes, or its file is broken, which whoever writes next is told: the next sweep does what is left.
    }
    this.#nextAt = this.#options.clock.monotonic() + this.#everyMs;
    this.#running = undefined;
  }
}
