/**
 * Knows whether anything is runnable.
 *
 * Owns: one count of reasons to be busy (agents ready to run, turns at work, admissions under way).
 * Invariants:
 * A1. Parked turns, waiting turns and future timers are no reason (C19).
 * A2. `idle()` resolves only at a moment when the count is 0.
 */
export class Activity {
  #count = 0;
  #waiters: (() => void)[] = [];

  get isIdle(): boolean {
    return this.#count === 0;
  }

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0 && this.#waiters.length > 0) queueMicrotask(() => this.#release());
  }

  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #release(): void {
    if (this.#count !== 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
