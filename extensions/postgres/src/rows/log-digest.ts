/**
 * Reads logs for who wants what they amount to, or their events, and not each record.
 *
 * Owns nothing. Does not own: the rows and their summaries, which appends write.
 * Invariants:
 * G1. A summary is read in the place of its whole segment or not at all, and only behind all rows of that segment: none is missing or altered.
 * G2. One statement reads all of it, so it sees one moment; a segment with a summary is one row of the answer, not one for each append.
 */
import { LogDecoder, type LogRange, type StoreRecord } from "@troupe/core";
import type { Database, Statement } from "../connection/database.ts";
import type { BlobRows } from "./blob-rows.ts";
import { assertPlace, corruptedAt, decodeRow, type LogPlace, readStored } from "./decode-row.ts";
import { toStoredName } from "./stored-text.ts";

/** The bounds of what is wanted, of which there is one row at least; and a part of it. */
interface PartRow {
  readonly first: number;
  readonly end: number;
  /** Where the segment starts that holds `first`. */
  readonly origin: number;
  /** Null when there is nothing to read: then so are the others. */
  readonly start: number | null;
  /** Of a segment with a summary, what its rows add up to. */
  readonly count: number;
  /** Of a row; of all rows of a segment with a summary, one behind the other. */
  readonly body: string;
  readonly blobs: string | null;
  /** Bytes of each row of a segment with a summary. Null for a single row. */
  readonly sizes: string | null;
  readonly until: number;
  readonly summary: string | null;
}

type Part = PartRow & { readonly start: number };

/**
 * Segments that lie within the range and have summaries, each with its rows in one text, and the rows between them. The rows of a segment
 * come in the order of the index; their checksums would tell if they did not. `OFFSET 0` keeps the conditions on the cell and on the place
 * together: apart they would lead through the logs of all cells.
 */
const select: Statement = {
  name: "log-digest",
  text: `WITH range AS MATERIALIZED (
    SELECT c.id, greatest($2::bigint, c.pruned) AS first, least(c.position, greatest($2::bigint, c.pruned) + $3::bigint) AS until
    FROM cells c WHERE c.name = $1
  ), bounds AS MATERIALIZED (
    SELECT r.*, coalesce((
      SELECT s.start FROM log s WHERE s.cell = r.id AND s.start <= r.first AND s.starts_segment ORDER BY s.start DESC LIMIT 1), 0) AS origin
    FROM range r
  ), summed AS MATERIALIZED (
    SELECT s.cell, s.start, s.until, s.body, lag(s.until, 1, b.origin) OVER (ORDER BY s.until) AS before
    FROM bounds b JOIN summaries s ON s.cell = b.id AND s.until > b.first AND s.until <= b.until AND s.start >= b.first
  ), gaps AS MATERIALIZED (
    SELECT cell, before AS start, start AS until FROM summed WHERE before < start
    UNION ALL SELECT b.id, coalesce((SELECT max(until) FROM summed), b.origin), b.until FROM bounds b
  ), parts AS (
    SELECT w.start, w.count, w.body, NULL AS blobs, w.sizes, s.until, s.body AS summary
    FROM summed s CROSS JOIN LATERAL (
      SELECT min(l.start) AS start, sum(l.count) AS count, string_agg(l.body, '') AS body, string_agg(octet_length(l.body)::text, ' ') AS sizes
      FROM (SELECT * FROM log r WHERE r.cell = s.cell AND r.start >= s.start AND r.start < s.until ORDER BY r.start) l
    ) w
    UNION ALL
    SELECT l.start, l.count, l.body, l.blobs, NULL, l.start + l.count, NULL
    FROM gaps g CROSS JOIN LATERAL (
      SELECT * FROM log r WHERE r.cell = g.cell AND r.start >= g.start AND r.start < g.until ORDER BY r.start OFFSET 0
    ) l
  )
  SELECT b.first::float8, b.until::float8 AS end, b.origin::float8, p.start::float8, p.count::float8, p.body, p.blobs, p.sizes,
    p.until::float8, p.summary
  FROM bounds b LEFT JOIN parts p ON true`,
};

/** More than any log has. */
const noLimit = 2 ** 52;

/** What is wanted of a cell's log. */
export interface DigestRequest extends LogRange {
  readonly cell: string;
  readonly view: NonNullable<LogRange["view"]>;
}

/** See the head of this file. */
export class LogDigest {
  readonly #database: Database;
  readonly #blobs: BlobRows;

  constructor(database: Database, blobs: BlobRows) {
    this.#database = database;
    this.#blobs = blobs;
  }

  /** Summaries of whole segments, and what is wanted of all other records. @throws StoreError `store.corrupted`. */
  async read({ cell, view, from = 0, limit = noLimit }: DigestRequest): Promise<readonly StoreRecord[]> {
    const { rows } = await this.#database.query<PartRow>(select, [toStoredName(cell).name, from, limit]);
    const [bounds] = rows;
    if (bounds === undefined || bounds.first >= bounds.end) return [];
    const parts = rows.filter(isPart).toSorted((one, other) => one.start - other.start);
    const decoder = new LogDecoder({
      fromBlob: await this.#blobs.load(parts.flatMap(({ blobs }) => blobs?.split(",") ?? [])),
    });
    const found: StoreRecord[] = [];
    let position = bounds.origin;
    for (const part of parts) {
      const place = { cell, position };
      const records =
        part.sizes === null ? decodeView(decoder, part, { ...place, view }) : decodeWhole(decoder, part, place);
      const isInside = position >= bounds.first && part.until <= bounds.end;
      for (const [index, record] of records.entries())
        if (isInside || (position + index >= bounds.first && position + index < bounds.end)) found.push(record);
      position = part.until;
    }
    if (position < bounds.end) throw corruptedAt({ cell, position }, new Error(`the log ends before ${bounds.end}`));
    return found;
  }
}

function isPart(row: PartRow): row is Part {
  return row.start !== null;
}

/** The records that stand for those of a segment (G1). */
function decodeWhole(decoder: LogDecoder, part: Part, place: LogPlace): readonly StoreRecord[] {
  assertPlace(part.start, place);
  return readStored(place, () => {
    const { count, start, until, body, sizes, summary } = part;
    if (count !== until - start) throw new Error(`the segment has ${count} records, not ${until - start}`);
    decoder.pass(body, (sizes ?? "").split(" ").map(Number));
    return decoder.decodeSummary(summary ?? "");
  });
}

/** What of a row a view needs. */
function decodeView(
  decoder: LogDecoder,
  row: Part,
  { view, ...place }: LogPlace & Pick<DigestRequest, "view">,
): readonly StoreRecord[] {
  if (view === "state") return decodeRow(decoder, row, place);
  assertPlace(row.start, place);
  return readStored(place, () => decoder.decodeEvents(row.body)) ?? [];
}
