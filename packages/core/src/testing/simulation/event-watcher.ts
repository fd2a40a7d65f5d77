import type { CellEvent, LiveEvent } from "../../store/index.ts";
import { hold } from "./violation.ts";

/**
 * Follows the durable events of one run as a runtime shows them.
 *
 * 1. It sees what the log holds, from the first event on, in order: nothing else, nothing early, nothing twice (C20).
 */
export class EventWatcher {
  readonly seen: CellEvent[] = [];
  readonly #runId: string;
  readonly #stored: () => readonly CellEvent[];
  readonly #controller: AbortController = new AbortController();
  #checked = 0;

  /** @param stored the events of the run that the log holds now. */
  constructor(runId: string, stored: () => readonly CellEvent[]) {
    this.#runId = runId;
    this.#stored = stored;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** @param open may throw: a store that cannot be read shows nothing. */
  async follow(open: () => AsyncIterable<CellEvent | LiveEvent>): Promise<void> {
    for await (const event of open()) {
      if (this.signal.aborted) return;
      if (!event.live) this.seen.push(event);
    }
  }

  stop(): void {
    this.#controller.abort("the watcher has left");
  }

  /** @throws SimulationViolation. */
  check(): void {
    const stored = this.#stored();
    for (; this.#checked < this.seen.length; this.#checked++) {
      const event = JSON.stringify(this.seen[this.#checked]);
      const known = JSON.stringify(stored[this.#checked]);
      hold(event === known, "C20", () => `"${this.#runId}" shows ${event}, its log holds ${known}`);
    }
  }

  /** At rest everything has been seen. @throws SimulationViolation. */
  checkAtRest(): void {
    this.check();
    const count = this.#stored().length;
    hold(this.seen.length === count, "C20", () => `"${this.#runId}" shows ${this.seen.length} of ${count} events`);
  }
}
