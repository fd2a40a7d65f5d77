import { StateError, StoreError, toError } from "../../errors/index.ts";

/** What a failed write means: that another process owns the cell now, or what the store said. */
export function explainLoss(cell: string, error: unknown): unknown {
  return error instanceof StoreError && error.code === "store.fenced" ? ownerLost(cell, error) : error;
}

/** What the steps and callers of a cell hear when another process has taken over (C24). */
export function ownerLost(cell: string, cause: unknown): StateError {
  return new StateError("state.owner_lost", `Another process owns cell "${cell}" now`, {
    remedy: "Stop: the new owner goes on with it. Ask again with the same message id, or attach to the run there.",
    details: { cell },
    cause: toError(cause),
  });
}
