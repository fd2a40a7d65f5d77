import { StoreError } from "@troupe/core";

/**
 * The JSON value that this store has written, frozen all the way down: it goes to handlers, which must not change it.
 *
 * @throws StoreError `store.corrupted` when the text is not JSON.
 */
export function parseStored<T>(text: string, what: string, revive?: (key: string, value: unknown) => unknown): T {
  try {
    // oxlint-disable-next-line typescript/consistent-type-assertions -- the store's own writing; a damaged file fails to parse
    return deepFreeze(JSON.parse(text, revive)) as T;
  } catch (error) {
    throw new StoreError("store.corrupted", `${what} cannot be read`, {
      remedy: "Restore the file from a backup, or prune the cell.",
      cause: error,
    });
  }
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const item of Object.values(value)) deepFreeze(item);
  return Object.freeze(value);
}
