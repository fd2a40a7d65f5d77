import { yieldMacrotask } from "../../async/index.ts";
import type { Mail } from "../../store/index.ts";
import type { Cell } from "../cell/cell.ts";
import type { Engine } from "../engine.ts";

/** A message and the cell whose log holds it until it has arrived. */
export interface LaneEntry {
  readonly source: Cell;
  readonly mail: Mail;
}

/** What a lane needs of the outbox. */
export interface LaneHost {
  /** False when the source cell has left this process. */
  readonly isWanted: (entry: LaneEntry) => boolean;
  /** Delivers the first entries; resolves with how many have arrived. */
  readonly deliver: (entries: readonly LaneEntry[]) => Promise<number>;
  /** True when a failure is the end of the message. */
  readonly failed: (entry: LaneEntry, error: unknown) => boolean;
  readonly empty: () => void;
}

/** First pause before a failed delivery is tried again, doubled each time, and the longest. Milliseconds. */
const retryAfterMs = 1_000;
const maxRetryMs = 60_000;

/**
 * The queue to one cell that cannot be written to at once: it is being opened, another process owns it, or its store has failed.
 *
 * Invariants:
 * J1. Entries of one source are in the order of their numbers, also when an earlier one joins later because it failed first.
 * J2. One delivery at a time; a failed one is tried again before anything behind it.
 * J3. Waiting for another try is no reason to be busy.
 */
export class OutboxLane {
  readonly #engine: Engine;
  readonly #host: LaneHost;
  readonly #entries: LaneEntry[] = [];
  #isRunning = false;

  constructor(engine: Engine, host: LaneHost) {
    this.#engine = engine;
    this.#host = host;
  }

  add(entry: LaneEntry): void {
    const number = entry.mail.number ?? 0;
    const isLater = (other: LaneEntry): boolean => other.source === entry.source && (other.mail.number ?? 0) > number;
    const index = this.#entries.findIndex(isLater);
    if (index < 0) this.#entries.push(entry);
    else this.#entries.splice(index, 0, entry);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#run(0);
  }

  #run(failures: number): void {
    this.#engine.own(this.#work(failures), "delivery between cells");
  }

  async #work(failures: number): Promise<void> {
    // What has failed in the same breath joins first (J1).
    await yieldMacrotask();
    for (;;) {
      this.#drop();
      const [head] = this.#entries;
      if (head === undefined) return this.#rest();
      try {
        const arrived = await this.#host.deliver([...this.#entries]);
        this.#entries.splice(0, arrived);
      } catch (error) {
        if (this.#host.failed(head, error)) this.#remove(head);
        else return this.#pause(failures);
      }
    }
  }

  /** Forgets what nobody needs any more. */
  #drop(): void {
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const entry = this.#entries[index];
      if (entry !== undefined && !this.#host.isWanted(entry)) this.#entries.splice(index, 1);
    }
  }

  #remove(entry: LaneEntry): void {
    const index = this.#entries.indexOf(entry);
    if (index >= 0) this.#entries.splice(index, 1);
  }

  #pause(failures: number): void {
    const pauseMs = Math.min(maxRetryMs, retryAfterMs * 2 ** failures);
    this.#engine.timers.set(pauseMs, () => this.#run(failures + 1));
  }

  #rest(): void {
    this.#isRunning = false;
    this.#host.empty();
  }
}
