import { createDeferred, isPromiseLike, type MaybePromise } from "../../async/index.ts";
import type { CellEvent, LiveEvent, RunRow } from "../../store/index.ts";
import type { EventRange } from "../agent-runtime.ts";
import type { Cell } from "../cell/cell.ts";
import { EventReader, type ReaderOptions } from "../run/event-reader.ts";
import { isOwnedElsewhere } from "./owned-elsewhere.ts";
import type { RunLog } from "../run/run-log.ts";
import type { Engine } from "../engine.ts";
import { storedEvents } from "./stored-events.ts";

/** Milliseconds between two looks at a run of another process. */
const pollMs = 200;

/** A cell, opened when it is not; undefined when another process owns it. */
export function tryOpen(engine: Engine, name: string): MaybePromise<Cell | undefined> {
  const elsewhere = (error: unknown): undefined => {
    if (!isOwnedElsewhere(error)) throw error;
    return undefined;
  };
  try {
    const opened = engine.agents.openCell(name, (cell) => cell);
    return isPromiseLike(opened) ? opened.then(undefined, elsewhere) : opened;
  } catch (error) {
    return elsewhere(error);
  }
}

/**
 * The cell of a run as `tryOpen` finds it, or `archived` when it is not open and the run has ended: its events are in the store, and reading
 * them needs nobody to own the cell, whose whole log would be folded first.
 */
export function openForEvents(
  engine: Engine,
  name: string,
  runId: string,
): MaybePromise<Cell | "archived" | undefined> {
  if (!engine.store.isDurable || engine.agents.cells.get(name) !== undefined) return tryOpen(engine, name);
  const open = (runs: readonly RunRow[]): MaybePromise<Cell | "archived" | undefined> =>
    runs[0]?.status === "ended" ? "archived" : tryOpen(engine, name);
  const runs = engine.store.runs({ cell: name, runId });
  return isPromiseLike(runs) ? runs.then(open) : open(runs);
}

/** What is read, and from where. */
export interface Reading {
  readonly cell: string;
  readonly range: EventRange;
  readonly options: ReaderOptions;
  readonly opened: MaybePromise<Cell | "archived" | undefined>;
}

/** The events of a run, wherever it is: here, in the log of a run that has ended, in another process; and from there to here. */
export async function* readAnywhere(engine: Engine, reading: Reading): AsyncGenerator<CellEvent | LiveEvent> {
  const { cell, range } = reading;
  let from = Math.max(1, range.from ?? 1);
  const found = await reading.opened;
  if (found === "archived") {
    yield* storedEvents(engine, cell, { ...range, from });
    return;
  }
  let opened = found;
  let isReading = true;
  try {
    for (;;) {
      const events = opened === undefined ? undefined : await findHere(engine, opened, range.runId);
      const here = events && openReader(engine, events, { cell, options: { ...reading.options, from } });
      if (opened === undefined) engine.remote.lookAfter(cell, () => isReading && range.signal?.aborted !== true);
      try {
        for await (const event of here ?? storedEvents(engine, cell, { ...range, from })) {
          yield event;
          if (event.live === true) continue;
          from = event.sequence + 1;
          if (event.end !== undefined) return;
        }
      } catch (error) {
        if (here?.isTaken !== true) throw error;
        if (engine.isClosed) return;
        opened = undefined;
        continue;
      }
      // A reader here has ended with its run, its signal, its cell; one of the log goes on here when this process has taken over.
      if (events !== undefined || engine.isClosed || range.signal?.aborted === true) return;
      const [run] = await engine.store.runs({ cell, runId: range.runId });
      // Forgotten since it has shown something, or shown whole.
      if (run === undefined ? from > 1 : run.status === "ended" && run.sequence < from) return;
      opened = run?.status === "ended" ? undefined : await tryOpen(engine, cell);
      if (opened?.run(range.runId).isArchived === true) return;
    }
  } finally {
    isReading = false;
  }
}

/** Goes on with a run that another process has taken over, behind what was read here. */
export function readOn(engine: Engine, reading: Reading, from: number): AsyncGenerator<CellEvent | LiveEvent> {
  return readAnywhere(engine, { ...reading, range: { ...reading.range, from }, opened: undefined });
}

/** A reader of a run that is here; of one that is stuck it shows what there is, and throws. */
export function openReader(
  engine: Engine,
  run: RunLog,
  { cell, options }: Pick<Reading, "cell" | "options">,
): EventReader {
  const reader = new EventReader(run, options);
  for (const blocked of engine.blocked.values())
    if (blocked.cell === cell && blocked.runId === run.runId) reader.end({ kind: "stuck", error: blocked.error });
  return reader;
}

/** True when the events of a run are in memory: all of them, where the store ends with the process. */
export function isHere(cell: Cell, runId: string): boolean {
  return cell.work === undefined || cell.findRun(runId)?.isArchived === false;
}

/** The run in memory; undefined for one that has ended and is in the store alone. */
async function findHere(engine: Engine, cell: Cell, runId: string): Promise<RunLog | undefined> {
  if (isHere(cell, runId)) return cell.run(runId);
  if (cell.findRun(runId) !== undefined) return undefined;
  const [known] = await engine.store.runs({ cell: cell.name, runId });
  return known?.status === "ended" ? undefined : cell.run(runId);
}

/** Resolves when nothing of a run is runnable, here or in the process that works on it. */
export async function restOfRun(engine: Engine, cell: string, runId: string): Promise<void> {
  for (;;) {
    const opened = await tryOpen(engine, cell);
    if (opened !== undefined) return opened.run(runId).activity.idle();
    const [run] = await engine.store.runs({ cell, runId });
    if (run === undefined || run.status !== "running" || engine.isClosed) return undefined;
    await pause(engine);
  }
}

/** A little time, or the end of the runtime. */
async function pause(engine: Engine): Promise<void> {
  const over = createDeferred<void>();
  const end = (): void => over.resolve();
  const timer = engine.timers.set(pollMs, end);
  engine.onClose.push(end);
  await over.promise;
  timer.cancel();
  const index = engine.onClose.indexOf(end);
  if (index >= 0) engine.onClose.splice(index, 1);
}
