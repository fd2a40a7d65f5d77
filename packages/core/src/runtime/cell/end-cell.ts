import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import { DeliveryError, toError } from "../../errors/index.ts";
import type { Mail } from "../../store/index.ts";
import type { Engine } from "../engine.ts";
import type { WatchBreak } from "../run/run-log.ts";
import type { Cell } from "./cell.ts";
import { isOwnerLost } from "./owner-lost.ts";

/** Pause before a lost cell is opened again, doubled with each further loss. */
const reopenAfterMs = 1_000;
const maxReopenAfterMs = 60_000;

/**
 * A write of a cell has failed (K4): nobody knows what its log says, so its turns stop where they are and callers outside are told.
 * It is opened anew from its log, by the next message or after a pause, and goes on with what the log says was in flight.
 */
export function loseCell(engine: Engine, cell: Cell, cause: unknown): void {
  const error = toError(cause);
  const isTaken = isOwnerLost(error);
  engine.report(error, `write of cell "${cell.name}"`);
  // Nothing waits for one that was leaving memory: who asks for it since then gets it opened anew.
  if (engine.agents.cells.get(cell.name) === cell)
    dropCell(engine, cell, {
      error,
      broken: { kind: isTaken ? "taken" : "stuck", error },
      judge: (mail) => (mail.replyTo?.kind === "outside" ? error : undefined),
    });
  // Another owner goes on with it.
  if (isTaken) return;
  const pauseMs = Math.min(maxReopenAfterMs, reopenAfterMs * 2 ** engine.countLoss(cell.name));
  engine.timers.set(pauseMs, () => reopen(engine, cell.name));
}

function reopen(engine: Engine, name: string): void {
  if (engine.isClosed) return;
  try {
    const opened = engine.agents.openCell(name, () => undefined);
    if (isPromiseLike(opened)) engine.own(opened, `opening of cell "${name}"`);
  } catch (error) {
    engine.report(error, `opening of cell "${name}"`);
  }
}

/** Drops everything a cell stored; requests to its agents fail, its turns stop without a record. */
export async function forgetCell(engine: Engine, name: string): Promise<void> {
  engine.forgetLosses(name);
  const { cells } = engine.agents;
  const known = cells.get(name);
  if (known !== undefined) await forget(engine, known);
  // Only its owner may drop a cell that others may own.
  else if (engine.store.isDurable && !engine.isClosed)
    await engine.agents.openCell(name, (cell) => forget(engine, cell));
  else if (cells.isOpening(name)) await engine.agents.openCell(name, (cell) => forget(engine, cell));
  else await leave(engine, name, engine.store.prune(name));
}

async function leave(engine: Engine, name: string, pruned: MaybePromise<void>): Promise<void> {
  engine.agents.cells.remove(name, pruned);
  await pruned;
}

async function forget(engine: Engine, cell: Cell): Promise<void> {
  const error = forgotten(cell.name);
  dropCell(engine, cell, { error, judge: () => error });
  await leave(engine, cell.name, cell.forget(error));
}

/** Why a cell goes, and what becomes of requests to its agents whose askers are elsewhere. */
interface Dropping {
  readonly error: Error;
  /** What those hear who watch its runs; absent when nothing of them is left. */
  readonly broken?: WatchBreak | undefined;
  readonly judge: (mail: Mail) => Error | undefined;
}

/** Takes a cell with its agents out of the runtime. */
function dropCell(engine: Engine, cell: Cell, { error, broken, judge }: Dropping): void {
  const { agents, directory } = engine;
  agents.cells.remove(cell.name, undefined);
  for (const run of cell.runs()) if (run.isPaused) engine.pausedRuns -= 1;
  agents.dropMembers(cell, error);
  cell.endWatchers(broken);
  engine.pending.end((mail) => {
    const { replyTo } = mail;
    if (replyTo !== undefined && replyTo.kind !== "outside" && directory.cellOf(replyTo.agent) === cell.name)
      return "forget";
    return directory.cellOf(mail.recipient) === cell.name ? judge(mail) : undefined;
  });
}

function forgotten(cell: string): DeliveryError {
  return new DeliveryError("delivery.cancelled", `Cell "${cell}" was forgotten while it was asked`, {
    remedy: "Wait for the reply before forgetCell(), or ask again: the cell starts anew.",
    details: { cell },
  });
}

/** The error of everything that is asked of a closed runtime. */
export function runtimeClosed(): DeliveryError {
  return new DeliveryError("delivery.runtime_closed", "The runtime is closed", {
    remedy: "Make a new runtime; with a durable store it goes on where this one stopped.",
  });
}
