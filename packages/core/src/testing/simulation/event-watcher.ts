import type { CellEvent, LiveEvent } from "../../store/index.ts";
import { hold } from "./violation.ts";

/**
 * Follows the durable events of one run.
 *
 * 1. They are numbered from 1 without gaps (C20).
 * 2. What was seen before a restart is seen again, the same, by the next process (C20).
 */
export class EventWatcher {
  readonly seen: CellEvent[] = [];
  readonly #runId: string;
  readonly #before: readonly CellEvent[];
  readonly #controller: AbortController = new AbortController();
  #checked = 0;

  constructor(runId: string, before: readonly CellEvent[]) {
    this.#runId = runId;
    this.#before = before;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async follow(events: AsyncIterable<CellEvent | LiveEvent>): Promise<void> {
    for await (const event of events) {
      if (this.signal.aborted) return;
      if (!event.live) this.seen.push(event);
    }
  }

  stop(): void {
    this.#controller.abort("the watcher has left");
  }

  /** @throws SimulationViolation. */
  check(): void {
    for (; this.#checked < this.seen.length; this.#checked++) {
      const event = this.seen[this.#checked];
      const known = this.#before[this.#checked];
      hold(
        event?.sequence === this.#checked + 1,
        "C20",
        () => `event ${this.#checked + 1} of "${this.#runId}" has number ${event?.sequence}`,
      );
      const isSame = known === undefined || JSON.stringify(known) === JSON.stringify(event);
      hold(
        isSame,
        "C20",
        () =>
          `event ${event?.sequence} of "${this.#runId}" changed from ${JSON.stringify(known)} to ${JSON.stringify(event)}`,
      );
    }
  }
}
