import type { CellEvent, LiveEvent } from "@troupe/core";
import { type RunEvent, toRunEvent } from "../../message/run-event.ts";

/** What an iterator reads from. */
export interface EventSource {
  readonly from: number;
  /** Set for a loop over the run itself: it hears of the run's failure, and tells when it is left. */
  readonly loop: { ended(): Promise<void>; left(): Promise<void> } | undefined;
  /** True when the handle has read everything: what it kept is all there is. */
  readonly isRead: () => boolean;
  /** Resolves when there is something to read. */
  readonly opened: Promise<void>;
  /** Rejects when the run did not start. */
  readonly started: Promise<void>;
  /** Resolves when the run's handle has read everything. */
  readonly done: Promise<void>;
  /** What the handle keeps: the events of a run that has left the runtime. */
  readonly kept: readonly CellEvent[];
  /** What the failure of a reader means. */
  readonly explain: (error: unknown) => unknown;
  /** Opens a reader that ends with the signal. */
  readonly open: (from: number, signal: AbortSignal) => AsyncIterable<CellEvent | LiveEvent>;
}

/**
 * One loop over the events of a run.
 *
 * 1. Durable events come each once, in order, from the number asked for, also when the run is over and its cell forgotten.
 * 2. The last event of a run is the last of the loop. A loop over the run itself then throws what the run failed with.
 *    A run that cannot be read on throws why in any loop.
 * 3. Leaving early closes the reader at once, also while it waits.
 */
export class RunEventIterator implements AsyncIterableIterator<RunEvent, undefined> {
  readonly #source: EventSource;
  /** Ends the reader. Its own `return` would wait behind a `next` that waits. */
  readonly #closing: AbortController = new AbortController();
  #reader: AsyncIterator<CellEvent | LiveEvent> | undefined;
  #next: number;
  #isAtEnd = false;
  #isClosed = false;

  constructor(source: EventSource) {
    this.#source = source;
    this.#next = Math.max(1, source.from);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<RunEvent, undefined>> {
    if (this.#isClosed) return { done: true, value: undefined };
    if (this.#isAtEnd) return this.#finish();
    const event = (await this.#readLive()) ?? (await this.#readKept());
    if (event === undefined) return this.#finish();
    if (!event.isLive) this.#next = event.sequence + 1;
    if (event.kind === "run-finished" || event.kind === "run-failed") {
      this.#isAtEnd = true;
      this.#closing.abort("read");
    }
    return { done: false, value: event };
  }

  async return(): Promise<IteratorResult<RunEvent, undefined>> {
    if (this.#isClosed) return { done: true, value: undefined };
    this.#isClosed = true;
    this.#closing.abort("read");
    if (!this.#isAtEnd) await this.#source.loop?.left();
    return { done: true, value: undefined };
  }

  async #readLive(): Promise<RunEvent | undefined> {
    if (this.#reader === undefined) {
      if (!(await this.#isOpened()) || this.#source.isRead()) return undefined;
      this.#reader = this.#source.open(this.#next, this.#closing.signal)[Symbol.asyncIterator]();
      this.#source.started.catch(() => this.#closing.abort());
    }
    try {
      const read: IteratorResult<CellEvent | LiveEvent, unknown> = await this.#reader.next();
      return read.done === true ? undefined : toRunEvent(read.value);
    } catch (error) {
      this.#isClosed = true;
      throw this.#source.explain(error);
    }
  }

  async #isOpened(): Promise<boolean> {
    try {
      await this.#source.opened;
      return true;
    } catch {
      return false;
    }
  }

  async #readKept(): Promise<RunEvent | undefined> {
    if (this.#isClosed) return undefined;
    await this.#source.done;
    const event = this.#source.kept[this.#next - 1];
    return event && toRunEvent(event);
  }

  async #finish(): Promise<IteratorResult<RunEvent, undefined>> {
    const isLeft = this.#isClosed;
    this.#isClosed = true;
    if (!isLeft) await this.#source.loop?.ended();
    return { done: true, value: undefined };
  }
}
