import type { CellSnapshot } from "@troupe/core";
import type { StoredCell } from "./rows/cell-rows.ts";
import type { StoreTables } from "./store-tables.ts";

/** Drops everything a cell has. Runs inside a transaction. */
export function dropCell(tables: StoreTables, cell: StoredCell): void {
  tables.writer.forget(cell.name);
  tables.logs.prune(cell, cell.position);
  tables.snapshots.drop(cell.id);
  tables.inbox.dropAll(cell.id);
  tables.runs.dropAll(cell.id);
  tables.cells.delete(cell.id);
}

/** Drops a cell's records before a position; their rows go as far as no later row needs them. Runs inside a transaction. */
export function pruneLog(tables: StoreTables, cell: StoredCell, before: number): void {
  const pruned = Math.max(cell.pruned, Math.min(before, cell.position));
  const tail = tables.logs.prune(cell, pruned);
  tables.cells.setPruned(cell, pruned, tail);
  if (tail === undefined) tables.writer.forget(cell.name);
}

/** Replaces a cell's snapshot, and drops the log before it if asked. Runs inside a transaction. */
export function putSnapshot(tables: StoreTables, cell: StoredCell, change: SnapshotChange): void {
  tables.snapshots.put(cell.id, change.snapshot);
  if (change.dropsLog) pruneLog(tables, cell, change.snapshot.position);
}

/** What `putSnapshot` does. */
export interface SnapshotChange {
  readonly snapshot: CellSnapshot;
  readonly dropsLog: boolean;
}
