import type { RunFilter, RunRow } from "../../store/index.ts";
import type { Engine } from "../engine.ts";

/**
 * The runs that the store knows, newest first. A store notes how a run stands when that changes, not with each of its events (W3): how far one
 * has got that is not over is in memory, or in its log.
 */
export async function listRuns(engine: Engine, filter: RunFilter): Promise<readonly RunRow[]> {
  const rows = await engine.store.runs(filter);
  const runs: RunRow[] = [];
  for (const row of rows)
    runs.push(row.status === "ended" ? row : { ...row, sequence: await lastSequence(engine, row) });
  return runs;
}

async function lastSequence(engine: Engine, { cell, runId, sequence }: RunRow): Promise<number> {
  const here = engine.agents.cells.get(cell)?.findRun(runId);
  if (here !== undefined) return Math.max(sequence, here.sequence);
  let last = sequence;
  for (const record of await engine.store.read(cell)) {
    if (!("events" in record)) continue;
    for (const event of record.events ?? []) if (event.runId === runId) last = Math.max(last, event.sequence);
  }
  return last;
}
