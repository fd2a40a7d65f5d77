import { StoreError } from "@troupe/core";

/**
 * The JSON value that this store has written, frozen all the way down: it goes to handlers, which must not change it.
 *
 * @param cell and what of it, for the error.
 * @throws StoreError `store.corrupted` when the text is not JSON.
 */
export function parseStored<T>(text: string, cell: string, what: string): T {
  try {
    // oxlint-disable-next-line typescript/consistent-type-assertions -- the store's own writing; damaged text fails to parse
    return freezeDeep(JSON.parse(text)) as T;
  } catch (error) {
    throw new StoreError("store.corrupted", `The ${what} of cell "${cell}" cannot be read`, {
      remedy: "Restore the database from a backup, or prune the cell.",
      cause: error,
      details: { cell },
    });
  }
}

function freezeDeep(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const item of Object.values(value)) freezeDeep(item);
  return Object.freeze(value);
}
