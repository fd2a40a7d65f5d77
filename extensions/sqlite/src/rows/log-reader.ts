/**
 * Reads logs, from any position.
 *
 * Owns: what it remembers of the logs read last, so that who follows a log decodes only what is new.
 * Does not own: the rows (`log-rows.ts`).
 * Invariants:
 * D1. A row that cannot be decoded, or is missing, is named by cell and position, and never skipped.
 * D2. What is remembered of a log is its last segment. It counts only while the rows of the file lead back to it.
 * D3. The logs remembered are few, and none has strings that are kept apart for their size.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { LogDecoder, type LogRange, type StoreRecord } from "@troupe/core";
import { integerOf, optionalIntegerOf, type StoredRow } from "../connection/stored-value.ts";
import type { BlobRows } from "./blob-rows.ts";
import type { StoredCell } from "./cell-rows.ts";
import { corrupted, decodeRow } from "./decode-row.ts";
import { LogDigest } from "./log-digest.ts";
import { backwards } from "./log-rows.ts";

/** Logs remembered: each takes about as much memory as the text of its last segment. */
const maxRemembered = 8;

/** Records from one position on, decoded, and what is needed to go on. */
interface Passage {
  start: number;
  readonly records: StoreRecord[];
  readonly decoder: LogDecoder;
  /** Row id of the last row decoded. */
  tail: number | undefined;
  hasLargeStrings: boolean;
}

/** See the head of this file. */
export class LogReader {
  readonly #blobs: BlobRows;
  readonly #segmentBefore: StatementSync;
  readonly #segmentAfter: StatementSync;
  readonly #read: StatementSync;
  readonly #digest: LogDigest;
  /** The logs read last, by the cell's row id. */
  readonly #remembered = new Map<number, Passage>();

  constructor(database: DatabaseSync, blobs: BlobRows) {
    this.#blobs = blobs;
    this.#segmentBefore = database.prepare(
      "SELECT start FROM log WHERE cell = ? AND start <= ? AND is_segment = 1 ORDER BY start DESC LIMIT 1",
    );
    this.#segmentAfter = database.prepare(
      "SELECT previous FROM log WHERE cell = ? AND start >= ? AND is_segment = 1 ORDER BY start LIMIT 1",
    );
    this.#read = database.prepare(
      `${backwards} SELECT log.id, cell, start, count, is_segment, previous, text FROM back CROSS JOIN log ON log.id = back.id`,
    );
    this.#digest = new LogDigest(database);
  }

  /** The records in a range. Must run inside one transaction. @throws StoreError `store.corrupted` (D1). */
  read(cell: StoredCell, { from = 0, limit, view }: LogRange): readonly StoreRecord[] {
    const first = Math.max(from, cell.pruned);
    const end = limit === undefined ? cell.position : Math.min(cell.position, first + limit);
    if (first >= end || cell.tail === undefined) return [];
    const known = this.#recall(cell, first);
    if (known !== undefined) return this.#goOn(cell, known, { first, end });
    const segment = this.#segmentBefore.get(cell.id, first);
    if (segment === undefined) throw corrupted(cell, first);
    const start = integerOf(segment, "start");
    const passage = this.#newPassage(start);
    // A digest is no passage: nothing is remembered of it.
    if (view !== undefined) return this.#digest.read(cell, { start, first, end, view, decoder: passage.decoder });
    const rows = this.#read.all(this.#newestBefore(cell, end), start).reverse();
    return this.#decode(cell, passage, { rows, first, end });
  }

  #newPassage(start: number): Passage {
    const fromBlob = (hash: string): string => {
      passage.hasLargeStrings = true;
      return this.#blobs.read(hash);
    };
    const decoder = new LogDecoder({ fromBlob });
    const passage: Passage = { start, records: [], decoder, tail: undefined, hasLargeStrings: false };
    return passage;
  }

  /** What is remembered, when it reaches back far enough. */
  #recall(cell: StoredCell, first: number): Passage | undefined {
    const known = this.#remembered.get(cell.id);
    return known !== undefined && known.start <= first ? known : undefined;
  }

  /** Decodes what has been written since; from the start of the segment when the rows do not lead back to what is remembered (D2). */
  #goOn(cell: StoredCell, known: Passage, range: ReadRange): readonly StoreRecord[] {
    const next = known.start + known.records.length;
    const rows = cell.tail === undefined || cell.tail === known.tail ? [] : this.#read.all(cell.tail, next).reverse();
    const [oldest] = rows;
    const isJoined = oldest === undefined ? next === cell.position : oldest["previous"] === known.tail;
    if (isJoined) return this.#decode(cell, known, { ...range, rows });
    this.#remembered.delete(cell.id);
    return this.read(cell, { from: range.first, limit: range.end - range.first });
  }

  #newestBefore(cell: StoredCell, end: number): number {
    const after = end === cell.position ? undefined : this.#segmentAfter.get(cell.id, end);
    const newest = after === undefined ? cell.tail : optionalIntegerOf(after, "previous");
    if (newest === undefined) throw corrupted(cell, end);
    return newest;
  }

  #decode(cell: StoredCell, passage: Passage, { rows, first, end }: RowsToRead): readonly StoreRecord[] {
    this.#remembered.delete(cell.id);
    let segment = passage.start;
    for (const row of rows) {
      const position = passage.start + passage.records.length;
      if (row["start"] !== position || row["cell"] !== cell.id) throw corrupted(cell, position);
      if (row["is_segment"] === 1) segment = position;
      for (const record of decodeRow(cell, row, passage.decoder)) passage.records.push(record);
      passage.tail = integerOf(row, "id");
    }
    const found = passage.records.slice(first - passage.start, end - passage.start);
    passage.records.splice(0, segment - passage.start);
    passage.start = segment;
    if (passage.tail === cell.tail && !passage.hasLargeStrings) this.#remember(cell.id, passage);
    return found;
  }

  #remember(cell: number, passage: Passage): void {
    this.#remembered.set(cell, passage);
    const oldest = this.#remembered.size > maxRemembered ? this.#remembered.keys().next().value : undefined;
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}

interface ReadRange {
  readonly first: number;
  readonly end: number;
}

interface RowsToRead extends ReadRange {
  readonly rows: readonly StoredRow[];
}
