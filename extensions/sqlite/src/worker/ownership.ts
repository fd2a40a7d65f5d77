import { type CellClaim, type CellRow, StoreError } from "@troupe/core";
import type { StoredCell } from "../rows/cell-rows.ts";
import type { StoreTables } from "../store-tables.ts";

/**
 * Makes a worker the owner of a cell, under a new epoch. Runs inside a transaction.
 *
 * @throws StoreError `store.owned` while another worker that lives holds it; `store.fenced` when this one was declared dead.
 */
export function claimCell(tables: StoreTables, cell: string, owner: string): CellClaim {
  const worker = tables.workers.enrol(owner);
  const found = tables.cells.find(cell);
  const isClean = found === undefined || takeOver(tables, found, worker);
  const { id, position } = found ?? tables.cells.ensure(cell);
  const epoch = tables.cells.claim(id, worker);
  tables.writer.forget(cell);
  return { epoch, position, snapshot: tables.snapshots.read(id, cell), isClean };
}

/** True when nobody died with the cell. */
function takeOver(tables: StoreTables, { name, owner }: StoredCell, worker: number): boolean {
  if (owner === undefined || owner === worker) return true;
  const standing = tables.workers.standing(owner);
  if (standing.kind === "alive") {
    throw new StoreError("store.owned", `Cell "${name}" belongs to the live worker "${standing.name}"`, {
      remedy: "Ask its owner, wait until it releases the cell, or end that process.",
      details: { cell: name, owner: standing.name },
    });
  }
  if (standing.kind === "dead") tables.workers.bury(owner);
  return standing.kind === "released";
}

/** Gives a cell back, if it is this worker's. Runs inside a transaction. */
export function releaseCell(tables: StoreTables, owner: string, cell: string): void {
  const worker = tables.workers.find(owner);
  const found = tables.cells.find(cell);
  if (worker === undefined || found?.owner !== worker) return;
  tables.cells.release(found.id);
  tables.writer.forget(cell);
}

/** Ends a worker: all its cells are free. Runs inside a transaction. */
export function releaseWorker(tables: StoreTables, owner: string): void {
  const worker = tables.workers.find(owner);
  if (worker !== undefined) tables.cells.dropBareOf(worker);
  tables.workers.end(owner);
  tables.writer.forget();
}

/** The cells that hold anything, with the names of those owners that live. */
export function listCells(tables: StoreTables, cell: string | undefined): readonly CellRow[] {
  const names = new Map<number, string | undefined>();
  const nameOf = (owner: number): string | undefined => {
    if (!names.has(owner)) names.set(owner, tables.workers.nameOfLive(owner));
    return names.get(owner);
  };
  return tables.cells
    .list(cell)
    .map(({ owner, ...row }) => ({ ...row, owner: owner === undefined ? undefined : nameOf(owner) }));
}
