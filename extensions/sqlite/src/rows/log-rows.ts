/**
 * The logs of all cells: one row of text per append, chained to the row before it.
 *
 * Owns: the rows; which row starts a segment; what was pruned.
 * Does not own: who may write (`log-writer.ts`); the text (`LogEncoder`, `log-reader.ts`).
 * Invariants:
 * L1. From a cell's newest row, `previous` leads to every older row that is kept, without a gap. It may point to a row that was pruned,
 *     whose id nobody has got since: ids grow past every row that is kept.
 * L2. The oldest row kept starts a segment, so every kept record can be decoded.
 * L3. A summary goes with the last row of the segment that it sums up.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { integerOf, optionalIntegerOf, textOf } from "../connection/stored-value.ts";
import type { BlobRows } from "./blob-rows.ts";
import type { StoredCell } from "./cell-rows.ts";

/** One append as a row. */
export interface NewLogRow {
  readonly cell: number;
  /** Position of its first record. */
  readonly start: number;
  readonly count: number;
  readonly startsSegment: boolean;
  /** The row before it. */
  readonly previous: number | undefined;
  readonly text: string;
}

/** What a cell's row must say for a row to be added to its log. */
export interface RowGuard {
  readonly epoch: number;
  readonly knownTail: number | undefined;
}

/** Every row from the one with id `?1` back to the one that starts at `?2`, newest first. */
export const backwards: string = `WITH RECURSIVE back (id) AS (
    SELECT ?1 UNION ALL
    SELECT log.previous FROM back CROSS JOIN log ON log.id = back.id WHERE log.start > ?2 AND log.previous IS NOT NULL
  )`;

/** See the head of this file. */
export class LogRows {
  readonly #blobs: BlobRows;
  readonly #insert: StatementSync;
  readonly #segmentBefore: StatementSync;
  readonly #bytes: StatementSync;
  readonly #delete: StatementSync;
  readonly #texts: StatementSync;
  readonly #addSummary: StatementSync;
  readonly #deleteSummaries: StatementSync;

  constructor(database: DatabaseSync, blobs: BlobRows) {
    this.#blobs = blobs;
    this.#insert = database.prepare(
      `INSERT INTO log (cell, start, count, is_segment, previous, text)
      SELECT id, ?2, ?3, ?4, ?5, ?6 FROM cell WHERE id = ?1 AND epoch = ?7 AND tail IS ?8`,
    );
    this.#segmentBefore = database.prepare(
      "SELECT start, previous FROM log WHERE cell = ? AND start <= ? AND is_segment = 1 ORDER BY start DESC LIMIT 1",
    );
    this.#bytes = database.prepare(
      `${backwards} SELECT coalesce(sum(length(CAST(log.text AS BLOB)) + coalesce(length(CAST(summary.text AS BLOB)), 0)), 0) AS bytes
      FROM back CROSS JOIN log ON log.id = back.id LEFT JOIN summary ON summary.log = log.id`,
    );
    this.#delete = database.prepare(`${backwards} DELETE FROM log WHERE id IN (SELECT id FROM back)`);
    this.#texts = database.prepare(
      `${backwards} SELECT text FROM back CROSS JOIN log ON log.id = back.id ORDER BY log.id`,
    );
    this.#addSummary = database.prepare("INSERT OR REPLACE INTO summary (log, text) VALUES (?, ?)");
    this.#deleteSummaries = database.prepare(`${backwards} DELETE FROM summary WHERE log IN (SELECT id FROM back)`);
  }

  /**
   * Adds a row and returns its id: one more than the largest, as SQLite does for tables with a rowid. Undefined when the guard does not
   * hold: then nothing was added.
   */
  insert(row: NewLogRow, { epoch, knownTail }: RowGuard): number | undefined {
    const { cell, start, count, startsSegment, previous, text } = row;
    const isSegment = startsSegment ? 1 : 0;
    const added = this.#insert.run(cell, start, count, isSegment, previous ?? null, text, epoch, knownTail ?? null);
    return Number(added.changes) === 1 ? Number(added.lastInsertRowid) : undefined;
  }

  /** The texts of a cell's last segment; none when it has fewer records than `least`. */
  lastSegment(cell: StoredCell, least: number): readonly string[] {
    if (cell.tail === undefined) return [];
    const segment = this.#segmentBefore.get(cell.id, cell.position);
    const start = segment === undefined ? cell.position : integerOf(segment, "start");
    if (cell.position - start < least) return [];
    return this.#texts.all(cell.tail, start).map((row) => textOf(row, "text"));
  }

  /** Keeps what the segment amounts to that ends with a row. */
  addSummary(lastRow: number, text: string): void {
    this.#addSummary.run(lastRow, text);
  }

  /** Bytes that a cell's rows take, without large strings. */
  bytesOf(cell: StoredCell): number {
    return cell.tail === undefined ? 0 : integerOf(this.#bytes.get(cell.tail, -1) ?? {}, "bytes");
  }

  /**
   * Drops the rows that nothing from `before` on needs, and returns the newest that is left. A writer notices when that is none: its guard
   * names the newest row.
   */
  prune(cell: StoredCell, before: number): number | undefined {
    if (cell.tail === undefined) return undefined;
    if (before >= cell.position) {
      this.#deleteFrom(cell, cell.tail, cell.position);
      return undefined;
    }
    const segment = this.#segmentBefore.get(cell.id, before);
    const previous = segment === undefined ? undefined : optionalIntegerOf(segment, "previous");
    if (segment !== undefined && previous !== undefined) this.#deleteFrom(cell, previous, integerOf(segment, "start"));
    return cell.tail;
  }

  #deleteFrom(cell: StoredCell, newest: number, before: number): void {
    this.#deleteSummaries.run(newest, -1);
    this.#delete.run(newest, -1);
    this.#blobs.release(cell.id, 0, before);
  }
}
