const defaultEveryMs = 600_000;

/** Sweeps after a write when the last sweep is long enough ago. A store that nobody writes has nothing to drop, and needs no timer. */
export class RetentionSchedule {
  readonly #everyMs: number;
  readonly #sweep: () => Promise<unknown>;
  #nextAt = 0;
  #running: Promise<void> | undefined;

  constructor(sweep: () => Promise<unknown>, everyMs: number = defaultEveryMs) {
    this.#sweep = sweep;
    this.#everyMs = everyMs;
  }

  /** Something was written. */
  touch(): void {
    if (this.#running === undefined && performance.now() >= this.#nextAt) this.#running = this.#run();
  }

  /** Resolves when no sweep is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.#sweep();
    } catch {
      // The server is away, which whoever writes next is told: the next sweep does what is left.
    }
    this.#nextAt = performance.now() + this.#everyMs;
    this.#running = undefined;
  }
}
