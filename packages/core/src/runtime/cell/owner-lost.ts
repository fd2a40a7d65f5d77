import { StateError, StoreError, toError } from "../../errors/index.ts";

/** True for what a store says to somebody who does not own the cell any more. */
export function isFenced(error: unknown): boolean {
  return error instanceof StoreError && error.code === "store.fenced";
}

/** True for what the callers of a cell hear when another process has taken over. */
export function isOwnerLost(error: unknown): boolean {
  return error instanceof StateError && error.code === "state.owner_lost";
}

/** What a failed write means: that another process owns the cell now, or what the store said. */
export function explainLoss(cell: string, error: unknown): unknown {
  return isFenced(error) ? ownerLost(cell, error) : error;
}

/** What the steps and callers of a cell hear when another process has taken over (C24). */
export function ownerLost(cell: string, cause: unknown): StateError {
  return new StateError("state.owner_lost", `Another process owns cell "${cell}" now`, {
    remedy: "Stop: the new owner goes on with it. Ask again with the same message id, or attach to the run there.",
    details: { cell },
    cause: toError(cause),
  });
}
