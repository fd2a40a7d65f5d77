/**
 * The store that ends with the process.
 *
 * Owns: the logs, snapshots and inboxes of all cells. Does not own: ordering and ownership rules beyond the fence.
 * Invariants:
 * M1. A cell that holds no record, no snapshot and no mail has no entry.
 * M2. An append with an older epoch or another position changes nothing.
 * M3. Records and snapshots are frozen JSON: what was read can never change what is stored.
 */
import { StoreError } from "../errors/index.ts";
import type { LogRecord } from "./log-record.ts";
import type { Mail } from "./mail.ts";
import type { CellClaim, CellSnapshot, Fence, LogRange, Store } from "./store.ts";

interface CellEntry {
  epoch: number;
  owner: string;
  /** Position of `records[0]`: what was pruned before it. */
  pruned: number;
  records: LogRecord[];
  snapshot: CellSnapshot | undefined;
  inbox: Mail[];
}

/** Keeps everything in memory, synchronously. Two runtimes may share one to stand for a restart. */
export class MemoryStore implements Store {
  readonly kind = "store";
  readonly isDurable = false;
  readonly #cells = new Map<string, CellEntry>();
  /** Fences of cells without an entry: all cells share one epoch counter, so none can repeat. */
  #epoch = 0;
  #isClosed = false;

  claim(cell: string, owner: string): CellClaim {
    this.#assertOpen();
    this.#epoch += 1;
    const entry = this.#cells.get(cell);
    if (entry === undefined) return { epoch: this.#epoch, position: 0, snapshot: undefined };
    entry.epoch = this.#epoch;
    entry.owner = owner;
    return { epoch: entry.epoch, position: entry.pruned + entry.records.length, snapshot: entry.snapshot };
  }

  append(cell: string, fence: Fence, records: readonly LogRecord[]): number {
    const entry = this.#entry(cell, fence);
    const position = entry.pruned + entry.records.length;
    if (position !== fence.position) {
      throw new StoreError("store.conflict", `Cell "${cell}" is at position ${position}, not ${fence.position}`, {
        remedy: "Claim the cell again and read what was written in between.",
      });
    }
    for (const record of records) entry.records.push(record);
    return position + records.length;
  }

  read(cell: string, range: LogRange = {}): readonly LogRecord[] {
    this.#assertOpen();
    const entry = this.#cells.get(cell);
    if (entry === undefined) return [];
    const start = Math.max(0, (range.from ?? 0) - entry.pruned);
    return entry.records.slice(start, range.limit === undefined ? undefined : start + range.limit);
  }

  snapshot(cell: string, fence: Fence, snapshot: CellSnapshot): void {
    const entry = this.#entry(cell, fence);
    entry.snapshot = Object.keys(snapshot.agents).length === 0 ? undefined : snapshot;
    this.#dropIfEmpty(cell, entry);
  }

  deliver(cell: string, mails: readonly Mail[]): void {
    this.#assertOpen();
    const entry = this.#cells.get(cell) ?? this.#create(cell, 0);
    entry.inbox.push(...mails);
  }

  collect(cell: string, fence: Fence): readonly Mail[] {
    const entry = this.#entry(cell, fence);
    const mails = entry.inbox;
    entry.inbox = [];
    this.#dropIfEmpty(cell, entry);
    return mails;
  }

  prune(cell: string, before?: number): void {
    this.#assertOpen();
    const entry = this.#cells.get(cell);
    if (entry === undefined) return;
    if (before === undefined) {
      this.#cells.delete(cell);
      return;
    }
    const count = Math.min(Math.max(0, before - entry.pruned), entry.records.length);
    entry.records = entry.records.slice(count);
    entry.pruned += count;
  }

  cells(): readonly string[] {
    this.#assertOpen();
    return [...this.#cells.keys()];
  }

  close(): void {
    this.#isClosed = true;
    this.#cells.clear();
  }

  #entry(cell: string, fence: Fence): CellEntry {
    this.#assertOpen();
    const entry = this.#cells.get(cell) ?? this.#create(cell, fence.epoch);
    if (fence.epoch >= entry.epoch) return entry;
    throw new StoreError("store.fenced", `Cell "${cell}" was claimed by "${entry.owner}"`, {
      remedy: "Stop writing: another owner goes on with this cell.",
    });
  }

  #create(cell: string, epoch: number): CellEntry {
    const entry: CellEntry = { epoch, owner: "", pruned: 0, records: [], snapshot: undefined, inbox: [] };
    this.#cells.set(cell, entry);
    return entry;
  }

  #dropIfEmpty(cell: string, entry: CellEntry): void {
    const isEmpty = entry.records.length === 0 && entry.pruned === 0 && entry.inbox.length === 0;
    if (isEmpty && entry.snapshot === undefined) this.#cells.delete(cell);
  }

  #assertOpen(): void {
    if (!this.#isClosed) return;
    throw new StoreError("store.closed", "The store is closed", { remedy: "Open a new store." });
  }
}
