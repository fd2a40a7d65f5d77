import { StoreError } from "../../errors/index.ts";

/** True for the error of a cell that another live process holds. */
export function isOwnedElsewhere(error: unknown): boolean {
  return error instanceof StoreError && error.code === "store.owned";
}
