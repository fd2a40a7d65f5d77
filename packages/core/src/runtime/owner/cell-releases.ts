/**
 * Gives cells back to the store when they have left memory.
 *
 * Owns: the tries that are still to come. Does not own: which cells are open (CellTable), the end of the worker (closeEngine).
 * Invariants:
 * R1. A release that has failed is reported once and tried again, later each time, until one is answered: a store that fails for a while
 *     leaves no cell held that nobody works in.
 * R2. A cell that was opened again is never released by an earlier try; its own end releases it.
 * R3. After close nothing is tried any more: then all cells of the worker go in one write.
 */
import { isPromiseLike, type MaybePromise, type TimerHandle } from "../../async/index.ts";
import type { Engine } from "../engine.ts";

/** First pause before a failed release is tried again, doubled each time, and the longest. Milliseconds. */
const retryAfterMs = 1_000;
const maxRetryMs = 60_000;

/** One cell on its way back to the store. */
interface Leaving {
  readonly name: string;
  /** The name under which this process had claimed it. */
  readonly owner: string;
  /** Tries that have failed. */
  readonly failures: number;
}

export class CellReleases {
  readonly #engine: Engine;
  /** The next try for each cell whose last one has failed. */
  readonly #waiting = new Map<string, TimerHandle>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Gives a cell back of which the store has everything. Never rejects, never throws. */
  release(name: string, owner: string): MaybePromise<void> {
    const { store, isClosed } = this.#engine;
    if (!store.isDurable || isClosed) return undefined;
    return this.#try({ name, owner, failures: 0 });
  }

  #try(leaving: Leaving): MaybePromise<void> {
    const failed = (error: unknown): void => this.#failed(leaving, error);
    try {
      const released = this.#engine.store.release(leaving.owner, leaving.name);
      return isPromiseLike(released) ? released.then(undefined, failed) : undefined;
    } catch (error) {
      return failed(error);
    }
  }

  #failed({ name, owner, failures }: Leaving, error: unknown): void {
    const engine = this.#engine;
    if (failures === 0) engine.report(error, `release of cell "${name}"`);
    if (engine.isClosed) return;
    this.#waiting.get(name)?.cancel();
    const pauseMs = Math.min(maxRetryMs, retryAfterMs * 2 ** failures);
    const next = engine.timers.set(pauseMs, () => {
      this.#waiting.delete(name);
      this.#tryAgain({ name, owner, failures: failures + 1 });
    });
    this.#waiting.set(name, next);
  }

  #tryAgain(leaving: Leaving): void {
    const engine = this.#engine;
    const { cells } = engine.agents;
    // What a worker held that was declared dead is free already.
    if (engine.isClosed || engine.owner !== leaving.owner || cells.isPresent(leaving.name)) return;
    const released = this.#try(leaving);
    // Who asks for it now claims it behind this try.
    cells.remove(leaving.name, released);
    if (isPromiseLike(released)) engine.own(released, `release of cell "${leaving.name}"`);
  }
}
