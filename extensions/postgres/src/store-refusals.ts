import { type Fence, StoreError } from "@troupe/core";

/** Why a write to a cell was refused. */
export interface FoundCell {
  readonly epoch: number;
  readonly position: number;
  readonly owner: string | null;
}

/** Another owner has the cell now, or it was pruned. */
export function fencedCell(cell: string, found: FoundCell | undefined): StoreError {
  const owner = found?.owner ?? undefined;
  const who = owner === undefined ? "" : ` by "${owner}"`;
  return new StoreError("store.fenced", `Cell "${cell}" was ${found === undefined ? "pruned" : "claimed"}${who}`, {
    remedy: "Stop writing: another owner goes on with this cell.",
    details: { cell, ...(owner !== undefined && { owner }) },
  });
}

/** The log does not end where the writer believes. */
export function misplacedWrite(cell: string, found: FoundCell, fence: Fence): StoreError {
  return new StoreError("store.conflict", `Cell "${cell}" is at position ${found.position}, not ${fence.position}`, {
    remedy: "Claim the cell again and read what was written in between.",
    details: { cell, position: found.position, expected: fence.position },
  });
}

/** A live worker holds the cell. */
export function ownedCell(cell: string, owner: string): StoreError {
  return new StoreError("store.owned", `Cell "${cell}" belongs to the live worker "${owner}"`, {
    remedy: "Ask its owner, wait until it releases the cell, or end that process.",
    details: { cell, owner },
  });
}

/** The worker was declared dead; others go on with its cells. */
export function deadWorker(owner: string): StoreError {
  return new StoreError("store.fenced", `The worker "${owner}" was declared dead`, {
    remedy: "Stop writing: others go on with its cells. Start a new worker, under a new name.",
    details: { owner },
  });
}

/** Nothing is possible any more. */
export function closedStore(): StoreError {
  return new StoreError("store.closed", "The store is closed", { remedy: "Open a new store." });
}
