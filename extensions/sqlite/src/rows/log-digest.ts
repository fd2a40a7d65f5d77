/**
 * Reads logs for who wants what they amount to, or their events, and not each record.
 *
 * Owns: nothing but its statements. Does not own: the rows and their summaries (`log-rows.ts`).
 * Invariants:
 * G1. A summary is read in the place of its whole segment or not at all, and only behind all rows of that segment: none is missing or altered.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LogDecoder, LogRange, StoreRecord } from "@troupe/core";
import { integerOf, optionalIntegerOf, type StoredRow, textOf } from "../connection/stored-value.ts";
import type { StoredCell } from "./cell-rows.ts";
import { corrupted, decodeRow, readText } from "./decode-row.ts";
import { backwards } from "./log-rows.ts";

/** What to read, from the start of a segment on. */
export interface DigestRange {
  /** Where the segment starts that holds `first`. */
  readonly start: number;
  readonly first: number;
  readonly end: number;
  readonly view: NonNullable<LogRange["view"]>;
  readonly decoder: LogDecoder;
}

interface Segment {
  readonly start: number;
  readonly end: number;
  /** Row id of its last row. */
  readonly last: number;
}

/** See the head of this file. */
export class LogDigest {
  readonly #segments: StatementSync;
  readonly #rows: StatementSync;
  readonly #whole: StatementSync;
  readonly #summary: StatementSync;

  constructor(database: DatabaseSync) {
    this.#segments = database.prepare(
      "SELECT start, previous FROM log WHERE cell = ? AND is_segment = 1 AND start >= ? ORDER BY start",
    );
    this.#rows = database.prepare(
      `${backwards} SELECT cell, start, count, text FROM back CROSS JOIN log ON log.id = back.id ORDER BY log.id`,
    );
    this.#whole = database.prepare(
      `${backwards} SELECT min(start) AS start, sum(count) AS count, min(cell) AS cell, max(cell) AS last_cell,
        group_concat(text, '' ORDER BY log.id) AS text, group_concat(length(CAST(text AS BLOB)), ' ' ORDER BY log.id) AS sizes
      FROM back CROSS JOIN log ON log.id = back.id`,
    );
    this.#summary = database.prepare("SELECT text FROM summary WHERE log = ?");
  }

  /** Summaries of whole segments, and what is wanted of all other records. Must run inside one transaction. @throws StoreError `store.corrupted`. */
  read(cell: StoredCell, range: DigestRange): readonly StoreRecord[] {
    const found: StoreRecord[] = [];
    for (const segment of this.#findSegments(cell, range)) {
      const isWhole = segment.start >= range.first && segment.end <= range.end;
      const summary = isWhole ? this.#summary.get(segment.last) : undefined;
      const records =
        summary === undefined
          ? this.#readRows(cell, segment, range)
          : this.#readSummary(cell, segment, { summary, decoder: range.decoder });
      for (const record of records) found.push(record);
    }
    return found;
  }

  #findSegments(cell: StoredCell, { start, end }: DigestRange): readonly Segment[] {
    const rows = this.#segments.all(cell.id, start);
    return rows.flatMap((row, index) => {
      const from = integerOf(row, "start");
      if (from >= end) return [];
      const next = rows[index + 1];
      const last = next === undefined ? cell.tail : optionalIntegerOf(next, "previous");
      if (last === undefined) throw corrupted(cell, from);
      return [{ start: from, end: next === undefined ? cell.position : integerOf(next, "start"), last }];
    });
  }

  #readSummary(
    cell: StoredCell,
    { start, end, last }: Segment,
    { summary, decoder }: { readonly summary: StoredRow; readonly decoder: LogDecoder },
  ): readonly StoreRecord[] {
    const whole = this.#whole.get(last, start) ?? {};
    const isOwn = whole["cell"] === cell.id && whole["last_cell"] === cell.id;
    if (!isOwn || whole["start"] !== start || whole["count"] !== end - start) throw corrupted(cell, start);
    const sizes = textOf(whole, "sizes").split(" ").map(Number);
    readText(cell, whole, (texts) => decoder.pass(texts, sizes));
    return readText(cell, { ...summary, start }, (text) => decoder.decodeSummary(text));
  }

  #readRows(cell: StoredCell, { start, end, last }: Segment, range: DigestRange): readonly StoreRecord[] {
    const found: StoreRecord[] = [];
    let position = start;
    for (const row of this.#rows.all(last, start)) {
      if (row["start"] !== position || row["cell"] !== cell.id) throw corrupted(cell, position);
      for (const [index, record] of decodeView(cell, row, range).entries())
        if (position + index >= range.first && position + index < range.end) found.push(record);
      position += integerOf(row, "count");
    }
    if (position !== end) throw corrupted(cell, position);
    return found;
  }
}

/** What of a row a view needs. */
function decodeView(cell: StoredCell, row: StoredRow, { decoder, view }: DigestRange): readonly StoreRecord[] {
  if (view === "state") return decodeRow(cell, row, decoder);
  return readText(cell, row, (text) => decoder.decodeEvents(text)) ?? [];
}
