import { createDeferred } from "../../async/index.ts";
import { TeamError } from "../../errors/index.ts";
import type { CellEvent, LogRecord, RunRow } from "../../store/index.ts";
import type { EventRange } from "../agent-runtime.ts";
import type { Engine } from "../engine.ts";

/** Milliseconds after which the log of another process is looked at again, when the store does not say before that it has news. */
const pollMs = 200;

/**
 * The durable events of a run from the store's log, without owning its cell: of a run that another process works on, and of one that has
 * ended and left memory. Ends after the run's last event, when the run was forgotten, with the signal, when this process has come to own the
 * cell, or at close.
 *
 * @throws TeamError `run.history_pruned` when the log does not reach back to `from`.
 */
export async function* storedEvents(engine: Engine, cell: string, range: EventRange): AsyncGenerator<CellEvent> {
  const { runId, signal } = range;
  let next = Math.max(1, range.from ?? 1);
  let position = 0;
  let wasKnown = false;
  const news = new News(engine, signal);
  try {
    while (!news.isOver) {
      const end = await endOf(engine, cell);
      // Asked before the log is read: what had ended by then is in it whole.
      const run = await findRun(engine, cell, runId);
      wasKnown ||= run !== undefined;
      const records = await engine.store.read(cell, { from: position, view: "events" });
      for (const event of eventsIn(records, runId)) {
        if (event.sequence < next) continue;
        if (event.sequence > next) throw historyPruned(cell, runId, next);
        next += 1;
        yield event;
        if (event.end !== undefined || isAborted(signal)) return;
      }
      position = Math.max(position, end);
      if (run?.status === "ended" && run.sequence >= next) throw historyPruned(cell, runId, next);
      // A run that was there and is not any more was forgotten.
      if (run?.status === "ended" || (run === undefined && wasKnown)) return;
      if (engine.agents.cells.get(cell) !== undefined) return;
      await news.wait();
    }
  } finally {
    news.close();
  }
}

async function findRun(engine: Engine, cell: string, runId: string): Promise<RunRow | undefined> {
  const [run] = await engine.store.runs({ cell, runId });
  return run;
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Where the log ends now: what is read from there on next time may have been seen already, never missed. */
async function endOf(engine: Engine, cell: string): Promise<number> {
  const [row] = await engine.store.cells({ cell });
  return row?.position ?? 0;
}

function* eventsIn(records: readonly LogRecord[], runId: string): Iterable<CellEvent> {
  for (const record of records) {
    if (!("events" in record)) continue;
    for (const event of record.events ?? []) if (event.runId === runId) yield event;
  }
}

/** Waits for the store to say that there may be something new. */
class News {
  readonly #engine: Engine;
  readonly #signal: AbortSignal | undefined;
  readonly #unwatch: () => void;
  #waiting: (() => void) | undefined;
  isOver: boolean;

  constructor(engine: Engine, signal: AbortSignal | undefined) {
    this.#engine = engine;
    this.#signal = signal;
    this.isOver = engine.isClosed || isAborted(signal);
    this.#unwatch = engine.store.watch(() => this.#waiting?.());
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    engine.onClose.push(this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.isOver = true;
    this.#waiting?.();
  };

  async wait(): Promise<void> {
    const told = createDeferred<void>();
    this.#waiting = () => told.resolve();
    const timer = this.#engine.timers.set(pollMs, () => told.resolve());
    await told.promise;
    timer.cancel();
    this.#waiting = undefined;
  }

  close(): void {
    this.#unwatch();
    this.#signal?.removeEventListener("abort", this.#onAbort);
    const index = this.#engine.onClose.indexOf(this.#onAbort);
    if (index >= 0) this.#engine.onClose.splice(index, 1);
  }
}

function historyPruned(cell: string, runId: string, from: number): TeamError {
  return new TeamError(
    "run.history_pruned",
    `The log of cell "${cell}" does not reach back to event ${from} of run "${runId}"`,
    {
      remedy: "Read from an event that is still there, or keep logs longer.",
      details: { cell, runId, from },
    },
  );
}
