import type { CellEvent, LogRecord, RunFilter, RunRow } from "../../store/index.ts";
import type { Engine } from "../engine.ts";

/** So many records at the end of a log are looked through for the last event of a run; then so many times as many. */
const lastRecords = 32;
const growth = 8;

/**
 * The runs that the store knows, newest first. A store notes how a run stands when that changes, not with each of its events (W3): how far one
 * has got that can go on without being asked is in memory, or at the end of its log.
 */
export async function listRuns(engine: Engine, filter: RunFilter): Promise<readonly RunRow[]> {
  const rows = await engine.store.runs(filter);
  const runs: RunRow[] = [];
  for (const row of rows) runs.push(isStill(row) ? row : { ...row, sequence: await lastSequence(engine, row) });
  return runs;
}

/** True for a run that shows nothing more before its row changes. */
function isStill({ status }: RunRow): boolean {
  return status === "ended" || status === "waiting";
}

async function lastSequence(engine: Engine, { cell, runId, sequence }: RunRow): Promise<number> {
  const here = engine.agents.cells.get(cell)?.findRun(runId);
  if (here !== undefined) return Math.max(sequence, here.sequence);
  const [row] = await engine.store.cells({ cell });
  const end = row?.position ?? 0;
  for (let count = lastRecords; ; count *= growth) {
    const from = Math.max(0, end - count);
    const records = await engine.store.read(cell, { from, view: "events" });
    const last = lastEvent(records, runId);
    if (last !== undefined || from === 0) return Math.max(sequence, last?.sequence ?? 0);
  }
}

function lastEvent(records: readonly LogRecord[], runId: string): CellEvent | undefined {
  for (const record of records.toReversed()) {
    const last = "events" in record ? record.events?.findLast((event) => event.runId === runId) : undefined;
    if (last !== undefined) return last;
  }
  return undefined;
}
