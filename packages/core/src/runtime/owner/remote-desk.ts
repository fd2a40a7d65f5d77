import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import type { InboxEntry, ReplyOutcome } from "../../store/index.ts";
import type { Engine } from "../engine.ts";

/** Sends things to cells and workers of other processes, through their inboxes. */
export class RemoteDesk {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Puts an entry into the inbox of a cell that another process owns. */
  deliver(cell: string, entry: InboxEntry): MaybePromise<void> {
    return this.#engine.store.deliver(cell, [entry]);
  }

  /** Tells a caller in another process how its request ended; one that is gone does not hear it. */
  answer(worker: string, id: string, outcome: ReplyOutcome): void {
    const delivered = this.deliver(workerCell(worker), { kind: "result", id, outcome });
    if (isPromiseLike(delivered)) this.#engine.own(delivered, `answer to worker "${worker}"`);
  }
}

/** The cell whose inbox takes the answers for a worker. */
export function workerCell(worker: string): string {
  return `~${worker}`;
}
