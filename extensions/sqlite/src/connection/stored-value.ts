import { StoreError } from "@troupe/core";

/** One row as `node:sqlite` hands it out. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** A whole number of a row. @throws StoreError `store.corrupted` when it is something else. */
export function integerOf(row: StoredRow, column: string): number {
  const value = row[column];
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw corruptedValue(column);
}

/** A whole number of a row; undefined for NULL. @throws StoreError `store.corrupted` when it is something else. */
export function optionalIntegerOf(row: StoredRow, column: string): number | undefined {
  return row[column] === null ? undefined : integerOf(row, column);
}

/** A text of a row. @throws StoreError `store.corrupted` when it is something else. */
export function textOf(row: StoredRow, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw corruptedValue(column);
}

function corruptedValue(column: string): StoreError {
  return new StoreError("store.corrupted", `A stored row has an unreadable "${column}"`, {
    remedy: "Restore the file from a backup.",
  });
}
