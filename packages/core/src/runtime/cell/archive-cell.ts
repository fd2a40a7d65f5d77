import { StateError } from "../../errors/index.ts";
import type { Store } from "../../store/index.ts";
import type { Engine } from "../engine.ts";
import { CellWork, noteRecords } from "./cell-work.ts";

/** Records of one write. */
const chunk = 512;

/**
 * Copies the log of a cell to another store, where it can be listed, shown, replayed and forked (C25).
 *
 * @throws StateError `state.busy` when that store has the cell already.
 */
export async function archiveCell(engine: Engine, name: string, target: Store): Promise<void> {
  const records = await engine.store.read(name);
  const owner = engine.ids.next();
  const claim = await target.claim(name, owner);
  try {
    if (claim.position > 0) throw exists(name);
    const work = new CellWork();
    let position = 0;
    for (let from = 0; from < records.length; from += chunk) {
      const part = records.slice(from, from + chunk);
      position = await target.append(name, { epoch: claim.epoch, position }, part, noteRecords(work, part));
    }
  } finally {
    await target.release(owner);
  }
}

function exists(cell: string): StateError {
  return new StateError("state.busy", `The archive holds cell "${cell}" already`, {
    remedy: "Archive a run once, or give it an id of its own.",
    details: { cell },
  });
}
