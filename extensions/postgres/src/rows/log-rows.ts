import { LogDecoder, type LogRange, type StoreRecord } from "@troupe/core";
import type { Database, Statement } from "../connection/database.ts";
import type { BlobRows } from "./blob-rows.ts";
import { corruptedAt, decodeRow } from "./decode-row.ts";
import { LogDigest } from "./log-digest.ts";
import { toStoredName } from "./stored-text.ts";

interface LogRow {
  readonly pruned: number;
  /** Null when there is nothing to read: then so are the others. */
  readonly start: number | null;
  readonly count: number;
  readonly blobs: string | null;
  readonly body: string;
}

/** From the last row, at or before the first position wanted, that can be read by itself. One statement sees one moment. */
const select: Statement = {
  name: "log-read",
  text: `SELECT c.pruned::float8, l.start::float8, l.count, l.blobs, l.body
    FROM cells c LEFT JOIN log l ON l.cell = c.id
      AND l.start < greatest($2::bigint, c.pruned) + $3::bigint
      AND l.start >= coalesce((
        SELECT s.start FROM log s WHERE s.cell = c.id AND s.start <= greatest($2::bigint, c.pruned) AND s.starts_segment
        ORDER BY s.start DESC LIMIT 1), 0)
    WHERE c.name = $1 ORDER BY l.start`,
};

/** More than any log has. */
const noLimit = 2 ** 52;

/** Reads logs: rows from a segment's start on, decoded, without what was not asked for. */
export class LogRows {
  readonly #database: Database;
  readonly #blobs: BlobRows;
  readonly #digest: LogDigest;

  constructor(database: Database, blobs: BlobRows) {
    this.#database = database;
    this.#blobs = blobs;
    this.#digest = new LogDigest(database, blobs);
  }

  /** @throws StoreError `store.corrupted` with the cell and the position. */
  async read(cell: string, { from = 0, limit = noLimit, view }: LogRange): Promise<readonly StoreRecord[]> {
    if (view !== undefined) return this.#digest.read({ cell, from, limit, view });
    const { rows } = await this.#database.query<LogRow>(select, [toStoredName(cell).name, from, limit]);
    const first = Math.max(from, rows[0]?.pruned ?? 0);
    const found = rows.filter((row): row is LogRow & { readonly start: number } => row.start !== null);
    const hashes = found.flatMap(({ blobs }) => blobs?.split(",") ?? []);
    const decoder = new LogDecoder({ fromBlob: await this.#blobs.load(hashes) });
    const records: StoreRecord[] = [];
    const start = found[0]?.start ?? 0;
    if (start > first) throw corruptedAt({ cell, position: first }, new Error(`the log goes on at ${start}`));
    for (const row of found) {
      const position = start + records.length;
      for (const record of decodeRow(decoder, row, { cell, position })) records.push(record);
    }
    return records.slice(first - start, first - start + limit);
  }
}
