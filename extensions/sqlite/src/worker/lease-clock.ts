import type { Clock } from "@troupe/core";

/**
 * The store's clock for leases, in epoch milliseconds. It starts at the machine's time and then counts elapsed time only, so setting the
 * machine's clock back or forward ends no lease and prolongs none. It is never behind a time that another process has written.
 */
export class LeaseClock {
  readonly #clock: Clock;
  #start: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#start = clock.now() - clock.monotonic();
  }

  /** @param latest the latest time in the file. */
  now(latest: number): number {
    const elapsed = this.#clock.monotonic();
    this.#start = Math.max(this.#start, latest - elapsed);
    return Math.floor(this.#start + elapsed);
  }
}
