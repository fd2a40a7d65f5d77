import type { ControlReason } from "../../agent/index.ts";
import { freezeJson } from "../../store/index.ts";
import type { ControlAction } from "../agent-runtime.ts";
import type { Engine } from "../engine.ts";
import type { Turn } from "../turn/turn.ts";
import type { Cell } from "../cell/cell.ts";
import { restartTurns } from "./restart-turns.ts";

/** The run that is controlled. */
export interface ControlledRun {
  readonly cell: Cell;
  readonly runId: string;
}

/** Records a control action and carries it out (C18); resolves when the steps it stopped have settled. */
export async function controlRun(engine: Engine, { cell, runId }: ControlledRun, action: ControlAction): Promise<void> {
  const run = cell.run(runId);
  if (action.kind === "restart") return restart(engine, cell, run);
  const isRepeated =
    (action.kind === "pause" && run.isPaused) ||
    (action.kind === "resume" && !run.isPaused) ||
    (action.kind === "cancel" && run.stop !== undefined);
  if (isRepeated) return;
  const detail = freezeJson("detail" in action ? (action.detail ?? null) : null, "detail of the control action");
  const path = action.kind === "interrupt" ? action.path : undefined;
  // Nothing new starts while the pause is being written.
  if (action.kind === "pause") pause(engine, run);
  await cell.append([
    {
      kind: "control",
      at: engine.clock.now(),
      runId,
      action: action.kind,
      detail,
      ...(path !== undefined && { path }),
    },
  ]);
  const turns = turnsOf(engine, cell, run);
  switch (action.kind) {
    case "pause":
      return;
    case "resume":
      if (run.isPaused) resume(engine, cell, run);
      return;
    case "cancel": {
      const reason: ControlReason = run.stop ?? { kind: "cancel", detail };
      run.stop = reason;
      if (run.isPaused) resume(engine, cell, run);
      await Promise.all(turns.map((turn) => turn.control(reason)));
      return;
    }
    case "interrupt":
      await Promise.all(
        turns.filter((turn) => isBelow(turn, path)).map((turn) => turn.control({ kind: "interrupt", detail })),
      );
  }
}

/** Turns that do not fit the code go on from their start, those whose replay has not come so far yet too. */
async function restart(engine: Engine, cell: Cell, run: ReturnType<Cell["run"]>): Promise<void> {
  run.restartsMisfits = true;
  const turns = turnsOf(engine, cell, run);
  await restartTurns(
    cell,
    run,
    turns.filter(({ id }) => engine.blocked.has(id)),
  );
}

function turnsOf(engine: Engine, cell: Cell, run: ReturnType<Cell["run"]>): readonly Turn[] {
  return engine.agents.membersOf(cell).flatMap((agent) => [...agent.turns].filter((turn) => turn.run === run));
}

function pause(engine: Engine, run: ReturnType<Cell["run"]>): void {
  run.pause();
  engine.pausedRuns += 1;
}

function resume(engine: Engine, cell: Cell, run: ReturnType<Cell["run"]>): void {
  run.resume();
  engine.pausedRuns -= 1;
  for (const agent of engine.agents.membersOf(cell)) agent.recheck();
}

function isBelow(turn: Turn, path: readonly string[] | undefined): boolean {
  return path === undefined || path.every((name, index) => turn.mail.run?.path[index] === name);
}
