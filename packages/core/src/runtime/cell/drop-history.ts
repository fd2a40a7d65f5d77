import { StateError } from "../../errors/index.ts";
import type { AgentImage } from "../../store/index.ts";
import type { Engine } from "../engine.ts";
import type { Cell } from "./cell.ts";

/**
 * Drops the log of a cell in which nothing is left to do, and keeps what its agents know (C27): the session goes on, its past events,
 * replays and forks are `run.history_pruned`.
 *
 * @throws StateError `state.busy` while a run of the cell has not ended.
 */
export async function dropHistory(engine: Engine, name: string): Promise<void> {
  await engine.agents.openCell(name, async (cell) => {
    await cell.flush();
    const isIdle = cell.work?.isBusy !== true && engine.agents.membersOf(cell).every((agent) => agent.isAtRest);
    if (!isIdle) throw busy(name);
    await cell.dropHistory(imagesOf(engine, cell));
  });
}

function imagesOf(engine: Engine, cell: Cell): ReadonlyMap<string, AgentImage> {
  const images = new Map(cell.images);
  for (const agent of engine.agents.membersOf(cell)) {
    const image = agent.image();
    if (image === undefined) images.delete(agent.key);
    else images.set(agent.key, image);
  }
  return images;
}

function busy(cell: string): StateError {
  return new StateError("state.busy", `Cell "${cell}" has work in progress: its log is needed`, {
    remedy: "Wait until its runs have ended, or cancel them.",
    details: { cell },
  });
}
