import { yieldMacrotask } from "../../async/index.ts";
import type { Activity } from "./activity.ts";

/** Something that can do one piece of work. */
export interface Runnable {
  run(): void;
}

/** What a scheduler is made of. */
export interface SchedulerOptions {
  readonly pick: ((count: number) => number) | undefined;
  readonly report: (error: unknown) => void;
}

/** Pieces of work before timers and I/O get their turn, also when each comes in a microtask of its own. */
const batchSize = 512;

/**
 * Gives ready agents their turns, one message each, first come first served.
 *
 * Owns: the ready queue. Does not own: what an agent does with its slot.
 * Invariants:
 * S1. Work never starts inside the call that made it ready.
 * S2. After `batchSize` pieces the event loop gets control, so that neither two agents talking for ever nor a caller that sends in
 *     a loop can starve timers.
 * S3. With a `pick` function the same picks give the same order (I11).
 * S4. A piece that throws is reported and keeps no other from its turn.
 */
export class Scheduler {
  readonly #activity: Activity;
  readonly #pick: ((count: number) => number) | undefined;
  readonly #report: (error: unknown) => void;
  #ready: Runnable[] = [];
  #head = 0;
  #isPumping = false;
  #isClosed = false;
  /** Pieces since the event loop last had control. */
  #done = 0;

  constructor(activity: Activity, options: SchedulerOptions) {
    this.#activity = activity;
    this.#pick = options.pick;
    this.#report = options.report;
  }

  add(runnable: Runnable): void {
    if (this.#isClosed) return;
    this.#activity.begin();
    this.#ready.push(runnable);
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(this.#pump);
  }

  /** Forgets all ready work and takes no more: the runtime is closed, and what it still stored is the next one's to do. */
  close(): void {
    this.#isClosed = true;
    for (let index = this.#head; index < this.#ready.length; index++) this.#activity.end();
    this.#ready = [];
    this.#head = 0;
  }

  readonly #pump = (): void => {
    for (; this.#done < batchSize && this.#head < this.#ready.length; this.#done++) {
      const runnable = this.#take();
      try {
        runnable.run();
      } catch (error) {
        this.#report(error);
      } finally {
        this.#activity.end();
      }
    }
    if (this.#head < this.#ready.length) void yieldMacrotask().then(this.#resume);
    else this.#rest();
  };

  readonly #resume = (): void => {
    this.#done = 0;
    this.#pump();
  };

  #rest(): void {
    this.#ready.length = 0;
    this.#head = 0;
    this.#isPumping = false;
  }

  #take(): Runnable {
    const count = this.#ready.length - this.#head;
    const chosen =
      this.#pick === undefined || count === 1
        ? this.#head
        : this.#head + Math.min(count - 1, Math.max(0, this.#pick(count)));
    const runnable = this.#ready[chosen];
    const first = this.#ready[this.#head];
    if (runnable === undefined || first === undefined) throw new Error("the ready queue lost an entry");
    this.#ready[chosen] = first;
    this.#head += 1;
    if (this.#head > batchSize && this.#head * 2 > this.#ready.length) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    return runnable;
  }
}
