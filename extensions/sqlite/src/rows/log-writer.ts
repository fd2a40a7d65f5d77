/**
 * Appends, guarded by the fence.
 *
 * Owns: one encoder per cell that this process writes, and where it believes that cell's log to end.
 * Does not own: the transaction; the rows.
 * Invariants:
 * W1. An append adds its row only where the cell's row has the epoch, and names the newest row, that it was made for; if not, it changes nothing.
 * W2. An encoder goes on only while every row since its segment's start is its own; after anything else the next row starts a segment.
 * W3. Notes are written with the records or not at all.
 * W4. The number of encoders is bounded.
 * W5. A cell's row is behind its log only while it says that the cell is busy, by less than `maxAhead` row ids, and by a second at most of
 *     the times of its records.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type AppendNotes, type Clock, type Fence, LogEncoder, type StoreRecord } from "@troupe/core";
import { type BlobRows, hashText } from "./blob-rows.ts";
import { assertFence, assertPosition, type CellRows, maxAhead } from "./cell-rows.ts";
import type { InboxRows } from "./inbox-rows.ts";
import type { LogRows } from "./log-rows.ts";
import type { RunRows } from "./run-rows.ts";

/** The tables that an append writes. */
export interface AppendTables {
  readonly cells: CellRows;
  readonly logs: LogRows;
  readonly blobs: BlobRows;
  readonly runs: RunRows;
  readonly inbox: InboxRows;
}

/** One append as asked for. */
export interface AppendRequest {
  readonly cell: string;
  readonly fence: Fence;
  readonly records: readonly StoreRecord[];
  readonly notes: AppendNotes | undefined;
}

interface Writer {
  readonly id: number;
  readonly epoch: number;
  readonly encoder: LogEncoder;
  /** Large strings of the row being encoded. */
  readonly blobs: Map<string, string>;
  position: number;
  tail: number | undefined;
  /** What the cell's row says (W5). */
  knownTail: number | undefined;
  isBusy: boolean;
  /** Time of the record with which the row was written. */
  knownAt: number;
}

/** The time of a cell's last write is written at least this often. */
const knownMs = 1_000;

/**
 * Encoders kept: the one used longest ago goes first, and its cell starts a new segment. One takes 10 KB to 0.4 MB of memory, less than
 * the session that fills it.
 */
const maxWriters = 512;

/** See the head of this file. */
export class LogWriter {
  readonly #tables: AppendTables;
  readonly #clock: Clock;
  readonly #writers = new Map<string, Writer>();
  readonly #settle: StatementSync;

  constructor(database: DatabaseSync, tables: AppendTables, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
    this.#settle = database.prepare(
      `UPDATE cell SET position = ?, tail = ?, is_busy = ?, updated = ? WHERE id = ? AND epoch = ? AND tail IS ?`,
    );
  }

  /**
   * Runs inside a transaction; returns the new position.
   *
   * @throws StoreError `store.fenced`, `store.conflict`, before anything has changed.
   */
  append(request: AppendRequest): number {
    const { cell, records, notes } = request;
    const writer = this.#writer(request);
    const position = writer.position + records.length;
    if (records.length === 0 && notes === undefined) return position;
    const at = Math.trunc(records.at(-1)?.at ?? this.#clock.now());
    // Two tries: what was remembered may be out of date, what was just read is not.
    if (!this.#write(writer, request, at)) {
      this.#writers.delete(cell);
      if (!this.#write(this.#writer(request), request, at))
        throw new Error(`cell "${cell}" changed inside a transaction`);
    }
    if (notes?.runs !== undefined) this.#tables.runs.put({ cell: writer.id, notes: notes.runs, at });
    if (notes?.collected !== undefined) this.#tables.inbox.drop(writer.id, notes.collected);
    return position;
  }

  /** Forgets a cell, or all: the next append reads anew, and starts a segment (W2). */
  forget(cell?: string): void {
    if (cell === undefined) this.#writers.clear();
    else this.#writers.delete(cell);
  }

  #writer({ cell, fence }: AppendRequest): Writer {
    const known = this.#writers.get(cell);
    this.#writers.delete(cell);
    if (known !== undefined && known.epoch === fence.epoch && known.position === fence.position) {
      this.#writers.set(cell, known);
      return known;
    }
    const stored = assertFence(cell, this.#tables.cells.find(cell), fence);
    assertPosition(stored, fence);
    const blobs = new Map<string, string>();
    const { id, epoch, position, tail, knownTail, isBusy } = stored;
    const log = { position, tail, knownTail, isBusy, knownAt: Number.NEGATIVE_INFINITY };
    const writer: Writer = { id, epoch, encoder: createEncoder(blobs), blobs, ...log };
    const before = this.#tables.logs.lastSegment(stored, LogEncoder.leastFollowed);
    if (before.length > 0) writer.encoder.follow(before);
    const oldest = this.#writers.size < maxWriters ? undefined : this.#writers.keys().next().value;
    if (oldest !== undefined) this.#writers.delete(oldest);
    this.#writers.set(cell, writer);
    return writer;
  }

  /** False when the guard does not hold (W1). */
  #write(writer: Writer, { records, notes }: AppendRequest, at: number): boolean {
    const isBusy = notes?.isBusy ?? writer.isBusy;
    const { id, position } = writer;
    if (records.length === 0) return this.#tell(writer, isBusy, at);
    // Encoded first: what cannot be encoded must not have moved the position.
    const { text, startsSegment, summary } = writer.encoder.encode(records);
    const row = { cell: id, start: position, count: records.length, startsSegment, previous: writer.tail, text };
    const tail = this.#tables.logs.insert(row, writer);
    if (tail === undefined) return false;
    if (summary !== undefined && writer.tail !== undefined) this.#tables.logs.addSummary(writer.tail, summary);
    writer.tail = tail;
    writer.position = position + records.length;
    if (writer.blobs.size > 0) this.#tables.blobs.add(id, position, writer.blobs);
    writer.blobs.clear();
    return mayStayBehind(writer, isBusy, at) || this.#tell(writer, isBusy, at);
  }

  /** Writes the cell's row. False when the guard does not hold. */
  #tell(writer: Writer, isBusy: boolean, at: number): boolean {
    const { id, epoch, position, tail, knownTail } = writer;
    const told = this.#settle.run(position, tail ?? null, isBusy ? 1 : 0, at, id, epoch, knownTail ?? null);
    if (Number(told.changes) !== 1) return false;
    writer.knownTail = tail;
    writer.isBusy = isBusy;
    writer.knownAt = at;
    return true;
  }
}

/** W5 */
function mayStayBehind({ tail, knownTail, isBusy, knownAt }: Writer, willBeBusy: boolean, at: number): boolean {
  if (!isBusy || !willBeBusy || tail === undefined || knownTail === undefined) return false;
  return tail < knownTail + maxAhead && Math.abs(at - knownAt) < knownMs;
}

function createEncoder(blobs: Map<string, string>): LogEncoder {
  const toBlob = (text: string): string => {
    const hash = hashText(text);
    blobs.set(hash, text);
    return hash;
  };
  return new LogEncoder({ toBlob, isSummarized: true });
}
