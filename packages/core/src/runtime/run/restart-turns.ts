import type { Cell } from "../cell/cell.ts";
import type { RunLog } from "./run-log.ts";

/** What can be restarted: a blocked turn. */
export interface Restartable {
  readonly id: string;
  readonly engine: { readonly clock: { now(): number } };
  restart(): void;
}

/** Records that blocked turns of a run are restarted, so that whoever resumes them knows, and lets them go on (C26). */
export async function restartTurns(cell: Cell, run: RunLog, turns: readonly Restartable[]): Promise<void> {
  const [first] = turns;
  if (first === undefined) return;
  const at = first.engine.clock.now();
  const ids = turns.map(({ id }) => id);
  await cell.append([{ kind: "control", at, runId: run.runId, action: "restart", detail: null, turns: ids }]);
  for (const turn of turns) turn.restart();
}
