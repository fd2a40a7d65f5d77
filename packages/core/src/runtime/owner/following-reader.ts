import type { CellEvent, LiveEvent } from "../../store/index.ts";
import type { Engine } from "../engine.ts";
import type { EventReader } from "../run/event-reader.ts";
import type { RunLog } from "../run/run-log.ts";
import { openReader, readOn, type Reading } from "./anywhere.ts";

type AnyEvent = CellEvent | LiveEvent;

/**
 * Reads a run whose events are in memory, and goes on from what the next owner stores when another process takes the run over.
 *
 * Invariants:
 * Y1. Durable events come each once and in order, whoever stores them.
 * Y2. It ends with the run, its signal, `forgetCell` or `close`, and throws when the run is stuck: it never ends as if the run were over.
 */
export class FollowingReader implements AsyncIterableIterator<AnyEvent> {
  readonly #engine: Engine;
  readonly #reading: Reading;
  readonly #here: EventReader;
  #after: AsyncGenerator<AnyEvent> | undefined;
  #isLeft = false;

  constructor(engine: Engine, reading: Reading, run: RunLog) {
    this.#engine = engine;
    this.#reading = reading;
    this.#here = openReader(engine, run, reading);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<AnyEvent>> {
    if (this.#after !== undefined) return this.#after.next();
    try {
      return await this.#here.next();
    } catch (error) {
      if (!this.#here.isTaken) throw error;
      if (this.#isLeft || this.#engine.isClosed) return { done: true, value: undefined };
      this.#after ??= readOn(this.#engine, this.#reading, this.#here.position);
      return this.#after.next();
    }
  }

  async return(): Promise<IteratorResult<AnyEvent>> {
    this.#isLeft = true;
    if (this.#after !== undefined) return this.#after.return(undefined);
    return this.#here.return();
  }
}
