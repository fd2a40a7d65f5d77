/**
 * Appends, guarded by the fence.
 *
 * Owns: one encoder per cell that this process writes, and where it believes that cell's log to end.
 * Does not own: the transaction; the rows.
 * Invariants:
 * W1. An append changes its cell's row only where epoch, position and newest row are those it was made for; if not, it changes nothing.
 * W2. An encoder goes on only while every row since its segment's start is its own; after anything else the next row starts a segment.
 * W3. Notes are written with the records or not at all.
 * W4. The number of encoders is bounded.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type AppendNotes, type Clock, type Fence, LogEncoder, type StoreRecord } from "@troupe/core";
import { type BlobRows, hashText } from "./blob-rows.ts";
import { assertFence, assertPosition, type CellRows } from "./cell-rows.ts";
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
}

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
  readonly #advance: StatementSync;
  readonly #note: StatementSync;

  constructor(database: DatabaseSync, tables: AppendTables, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
    const guard = "WHERE id = ? AND epoch = ? AND position = ? AND tail IS ?";
    this.#advance = database.prepare(
      `UPDATE cell SET position = ?, tail = (SELECT coalesce(max(id), 0) + 1 FROM log), is_busy = coalesce(?, is_busy), updated = ? ${guard}`,
    );
    this.#note = database.prepare(`UPDATE cell SET is_busy = coalesce(?, is_busy), updated = ? ${guard}`);
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
    const { id, epoch, position, tail } = stored;
    const writer: Writer = { id, epoch, position, tail, encoder: createEncoder(blobs), blobs };
    const oldest = this.#writers.size < maxWriters ? undefined : this.#writers.keys().next().value;
    if (oldest !== undefined) this.#writers.delete(oldest);
    this.#writers.set(cell, writer);
    return writer;
  }

  /** False when the guard does not hold (W1). */
  #write(writer: Writer, { records, notes }: AppendRequest, at: number): boolean {
    const { id, epoch, position, tail } = writer;
    const isBusy = notes?.isBusy === undefined ? null : Number(notes.isBusy);
    if (records.length === 0)
      return Number(this.#note.run(isBusy, at, id, epoch, position, tail ?? null).changes) === 1;
    // Encoded first: what cannot be encoded must not have moved the position.
    const { text, startsSegment } = writer.encoder.encode(records);
    const end = position + records.length;
    const { changes } = this.#advance.run(end, isBusy, at, id, epoch, position, tail ?? null);
    if (Number(changes) !== 1) return false;
    const row = { cell: id, start: position, count: records.length, startsSegment, previous: tail, text };
    writer.tail = this.#tables.logs.insert(row);
    writer.position = end;
    if (writer.blobs.size > 0) this.#tables.blobs.add(id, position, writer.blobs);
    writer.blobs.clear();
    return true;
  }
}

function createEncoder(blobs: Map<string, string>): LogEncoder {
  const toBlob = (text: string): string => {
    const hash = hashText(text);
    blobs.set(hash, text);
    return hash;
  };
  return new LogEncoder({ toBlob });
}
