import { StoreError, toError } from "../../errors/index.ts";
import { yieldMacrotask } from "../../async/index.ts";
import type { CellRow, RunRow } from "../../store/index.ts";
import type { BlockedCell, RecoveredCell, RecoveryReport } from "../agent-runtime.ts";
import { isOwnedElsewhere } from "./owned-elsewhere.ts";
import { isWorkerCell } from "./mailboxes.ts";
import { isLetterCell } from "../delivery/stored-letters.ts";
import type { Engine } from "../engine.ts";

/** Turns of the event loop in which a resumed turn that does not fit its journal shows. */
const misfitTurns = 64;

/** Opens every cell with something to do that nobody works on; what their logs hold goes on by that alone (C26). */
export async function recoverCells(engine: Engine): Promise<RecoveryReport> {
  const rows = await engine.store.cells();
  await engine.remote.mailboxes.tidy(rows);
  for (const { cell, owner } of rows)
    if (owner === undefined && isLetterCell(cell)) await engine.letters.takeOver(cell);
  const unfinished = rows.filter((row) => (row.isBusy || row.hasMail) && !isWorkerCell(row.cell));
  const resumed: RecoveredCell[] = [];
  const blocked: BlockedCell[] = [];
  for (const row of unfinished) {
    const runs = await runsOf(engine, row);
    const obstacle = await open(engine, row);
    if (obstacle === undefined) resumed.push({ cell: row.cell, runs });
    else blocked.push({ cell: row.cell, runs, ...obstacle });
  }
  for (let turn = 0; turn < misfitTurns && resumed.length > 0; turn++) await yieldMacrotask();
  return splitMisfits(engine, { resumed, blocked });
}

async function runsOf(engine: Engine, row: CellRow): Promise<readonly RunRow[]> {
  const runs = await engine.store.runs({ cell: row.cell });
  return runs.filter((run) => run.status !== "ended");
}

async function open(engine: Engine, row: CellRow): Promise<Pick<BlockedCell, "reason" | "error"> | undefined> {
  if (!engine.directory.mayOwn(row.cell)) return { reason: "no-definition" };
  try {
    await engine.agents.openCell(row.cell, () => undefined);
    return undefined;
  } catch (thrown) {
    if (isOwnedElsewhere(thrown)) return { reason: "owned" };
    if (thrown instanceof StoreError && thrown.code === "store.unavailable") throw thrown;
    return { reason: "unreadable", error: toError(thrown) };
  }
}

function splitMisfits(engine: Engine, { resumed, blocked }: RecoveryReport): RecoveryReport {
  const misfits = new Map([...engine.blocked.values()].map((turn) => [turn.cell, turn.error]));
  const stuck = resumed.flatMap((cell): readonly BlockedCell[] => {
    const error = misfits.get(cell.cell);
    return error === undefined ? [] : [{ ...cell, reason: "nondeterministic", error }];
  });
  return { resumed: resumed.filter((cell) => !misfits.has(cell.cell)), blocked: [...blocked, ...stuck] };
}
