import { type LogDecoder, StoreError, type StoreRecord } from "@troupe/core";
import { integerOf, type StoredRow, textOf } from "../connection/stored-value.ts";
import type { StoredCell } from "./cell-rows.ts";

/** The records of a row. @throws StoreError `store.corrupted` when it is not what was written. */
export function decodeRow(cell: StoredCell, row: StoredRow, decoder: LogDecoder): readonly StoreRecord[] {
  const records = readText(cell, row, (text) => decoder.decode(text));
  if (records.length !== row["count"]) throw corrupted(cell, integerOf(row, "start"));
  return records;
}

/** What `read` makes of a row's text. @throws StoreError `store.corrupted`, with the row's position, when it throws. */
export function readText<Result>(cell: StoredCell, row: StoredRow, read: (text: string) => Result): Result {
  try {
    return read(textOf(row, "text"));
  } catch (error) {
    throw corrupted(cell, integerOf(row, "start"), error);
  }
}

/** The error for a log that is damaged at a position. */
export function corrupted(cell: StoredCell, position: number, cause?: unknown): StoreError {
  return new StoreError("store.corrupted", `The log of cell "${cell.name}" is damaged at position ${position}`, {
    remedy: "Restore the file from a backup, or prune the cell up to a later position.",
    cause,
    details: { cell: cell.name, position },
  });
}
