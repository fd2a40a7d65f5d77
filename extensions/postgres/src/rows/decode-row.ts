import { type LogDecoder, StoreError, type StoreRecord } from "@troupe/core";

/** Where something stands, for errors. */
export interface LogPlace {
  readonly cell: string;
  readonly position: number;
}

/** A row of the log, as far as it is decoded. */
export interface RowToDecode {
  readonly start: number;
  readonly count: number;
  readonly body: string;
}

/** The records of a row, which must stand at that place. @throws StoreError `store.corrupted` when it is not what was written. */
export function decodeRow(decoder: LogDecoder, row: RowToDecode, place: LogPlace): readonly StoreRecord[] {
  assertPlace(row.start, place);
  return readStored(place, () => {
    const records = decoder.decode(row.body);
    if (records.length === row.count) return records;
    throw new Error(`the row has ${records.length} records, not ${row.count}`);
  });
}

/** @throws StoreError `store.corrupted` when what was found begins elsewhere. */
export function assertPlace(start: number, place: LogPlace): void {
  if (start !== place.position) throw corruptedAt(place, new Error(`the log goes on at ${start}`));
}

/** What `read` returns. @throws StoreError `store.corrupted`, with the place, when it throws. */
export function readStored<Result>(place: LogPlace, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw corruptedAt(place, error);
  }
}

/** The error for a log that is damaged. */
export function corruptedAt({ cell, position }: LogPlace, cause: unknown): StoreError {
  return new StoreError("store.corrupted", `The log of cell "${cell}" cannot be read at position ${position}`, {
    remedy: "Restore the database from a backup, or prune the cell.",
    cause,
    details: { cell, position },
  });
}
