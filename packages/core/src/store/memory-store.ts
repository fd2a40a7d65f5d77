/**
 * The store that ends with the process.
 *
 * Owns: the logs, snapshots and inboxes of all cells. Does not own: ordering and ownership rules beyond the fence.
 * Invariants:
 * M1. A cell that holds no record, no run, no snapshot and no mail has no entry, unless the store stands for a durable one.
 * M2. An append with an older epoch or another position changes nothing.
 * M3. Records and snapshots are frozen JSON: what was read can never change what is stored.
 */
import { StoreError } from "../errors/index.ts";
import type { LogRecord } from "./log-record.ts";
import type {
  AppendNotes,
  CellClaim,
  CellRow,
  CellSnapshot,
  CollectedEntry,
  Fence,
  InboxEntry,
  LogRange,
  RunFilter,
  RunRow,
  Store,
} from "./store.ts";

interface CellEntry {
  epoch: number;
  /** The worker that claimed it last and has not released it. */
  owner: string | undefined;
  /** Position of `records[0]`: what was pruned before it. */
  pruned: number;
  records: LogRecord[];
  snapshot: CellSnapshot | undefined;
  inbox: CollectedEntry[];
  isBusy: boolean;
  /** Time of the last record. */
  updatedAt: number;
  runs: Map<string, StoredRun> | undefined;
}

/** Runs that started in the same millisecond are listed by `order`. */
interface StoredRun {
  readonly order: number;
  readonly row: RunRow;
}

/** Changes of worker that are remembered for cells without an entry. */
const maxClaimants = 64;

/** Options of a `MemoryStore`. */
export interface MemoryStoreOptions {
  /** True makes runtimes treat it as one that outlives them: for tests of what a crash leaves behind. Default false. */
  readonly isDurable?: boolean | undefined;
}

/** Keeps everything in memory, synchronously; the last claim wins. Two runtimes may share one to stand for a restart. */
export class MemoryStore implements Store {
  readonly kind = "store";
  readonly isDurable: boolean;
  readonly #cells = new Map<string, CellEntry>();
  readonly #listeners = new Set<() => void>();
  /** Fences of cells without an entry: all cells share one epoch counter, so none can repeat. */
  #epoch = 0;
  /** Who has claimed from which epoch on: cells without an entry have no other place for their owner. */
  readonly #claimants: { readonly from: number; readonly owner: string }[] = [];
  #inboxId = 0;
  #runCount = 0;
  #isClosed = false;

  constructor(options: MemoryStoreOptions = {}) {
    this.isDurable = options.isDurable === true;
  }

  claim(cell: string, owner: string): CellClaim {
    this.#assertOpen();
    this.#epoch += 1;
    this.#rememberClaimant(owner);
    const entry = this.#cells.get(cell);
    if (entry === undefined) {
      if (this.isDurable) this.#create(cell, this.#epoch, owner);
      return { epoch: this.#epoch, position: 0, snapshot: undefined, isClean: true };
    }
    const isClean = entry.owner === undefined || entry.owner === owner;
    entry.epoch = this.#epoch;
    entry.owner = owner;
    const position = entry.pruned + entry.records.length;
    return { epoch: entry.epoch, position, snapshot: entry.snapshot, isClean };
  }

  #rememberClaimant(owner: string): void {
    if (this.#claimants.at(-1)?.owner === owner) return;
    this.#claimants.push({ from: this.#epoch, owner });
    if (this.#claimants.length > maxClaimants) this.#claimants.shift();
  }

  // oxlint-disable-next-line max-params -- the port has four
  append(cell: string, fence: Fence, records: readonly LogRecord[], notes?: AppendNotes): number {
    const entry = this.#entry(cell, fence);
    const position = entry.pruned + entry.records.length;
    if (position !== fence.position) {
      throw new StoreError("store.conflict", `Cell "${cell}" is at position ${position}, not ${fence.position}`, {
        remedy: "Claim the cell again and read what was written in between.",
      });
    }
    for (const record of records) entry.records.push(record);
    entry.updatedAt = records.at(-1)?.at ?? entry.updatedAt;
    if (notes !== undefined) this.#note(cell, entry, notes);
    this.#dropIfEmpty(cell, entry);
    return position + records.length;
  }

  #note(cell: string, entry: CellEntry, { isBusy, runs, collected }: AppendNotes): void {
    if (isBusy !== undefined) entry.isBusy = isBusy;
    if (collected !== undefined) entry.inbox = entry.inbox.filter(({ id }) => id > collected);
    for (const run of runs ?? []) {
      entry.runs ??= new Map();
      const known = entry.runs.get(run.runId);
      const startedAt = known?.row.startedAt ?? entry.updatedAt;
      const row = { ...run, cell, startedAt, updatedAt: entry.updatedAt };
      entry.runs.set(run.runId, { order: known?.order ?? (this.#runCount += 1), row });
    }
  }

  read(cell: string, range: LogRange = {}): readonly LogRecord[] {
    this.#assertOpen();
    const entry = this.#cells.get(cell);
    if (entry === undefined) return [];
    const start = Math.max(0, (range.from ?? 0) - entry.pruned);
    return entry.records.slice(start, range.limit === undefined ? undefined : start + range.limit);
  }

  // oxlint-disable-next-line max-params -- the port has four
  snapshot(
    cell: string,
    fence: Fence,
    snapshot: CellSnapshot,
    options: { readonly dropsLog?: boolean | undefined } = {},
  ): void {
    const entry = this.#entry(cell, fence);
    entry.snapshot = isNothing(snapshot) ? undefined : snapshot;
    if (options.dropsLog === true) this.#dropBefore(entry, snapshot.position);
    this.#dropIfEmpty(cell, entry);
  }

  deliver(cell: string, entries: readonly InboxEntry[]): void {
    this.#assertOpen();
    if (entries.length === 0) return;
    const target = this.#cells.get(cell) ?? this.#create(cell, 0, undefined);
    for (const entry of entries) {
      this.#inboxId += 1;
      target.inbox.push({ id: this.#inboxId, entry });
    }
    for (const listener of this.#listeners) listener();
  }

  collect(cell: string, fence: Fence): readonly CollectedEntry[] {
    const entry = this.#entry(cell, fence);
    const entries = [...entry.inbox];
    this.#dropIfEmpty(cell, entry);
    return entries;
  }

  prune(cell: string, before?: number): void {
    this.#assertOpen();
    const entry = this.#cells.get(cell);
    if (entry === undefined) return;
    if (before === undefined) this.#cells.delete(cell);
    else this.#dropBefore(entry, before);
  }

  #dropBefore(entry: CellEntry, before: number): void {
    const count = Math.min(Math.max(0, before - entry.pruned), entry.records.length);
    entry.records = entry.records.slice(count);
    entry.pruned += count;
  }

  cells(filter: { readonly cell?: string | undefined } = {}): readonly CellRow[] {
    this.#assertOpen();
    return [...this.#cells]
      .filter(([cell, entry]) => !isEmpty(entry) && (filter.cell === undefined || filter.cell === cell))
      .map(([cell, entry]) => ({
        cell,
        isBusy: entry.isBusy,
        hasMail: entry.inbox.length > 0,
        owner: entry.owner,
        position: entry.pruned + entry.records.length,
        updatedAt: entry.updatedAt,
      }));
  }

  runs(filter: RunFilter = {}): readonly RunRow[] {
    this.#assertOpen();
    return [...this.#cells.values()]
      .flatMap((entry) => [...(entry.runs?.values() ?? [])])
      .filter(({ row }) => filter.cell === undefined || row.cell === filter.cell)
      .filter(({ row }) => filter.runId === undefined || row.runId === filter.runId)
      .filter(({ row }) => filter.status === undefined || filter.status.includes(row.status))
      .sort((left, right) => right.row.startedAt - left.row.startedAt || right.order - left.order)
      .slice(0, filter.limit ?? 1_000)
      .map(({ row }) => row);
  }

  /** True when anything is kept of a cell, its position included. */
  holds(cell: string): boolean {
    return this.#cells.has(cell);
  }

  heartbeat(owner: string): readonly string[] {
    this.#assertOpen();
    return [...this.#cells]
      .filter(([, entry]) => entry.owner === owner && entry.inbox.length > 0)
      .map(([cell]) => cell);
  }

  release(owner: string, cell?: string): void {
    if (this.#isClosed) return;
    for (const name of cell === undefined ? [...this.#cells.keys()] : [cell]) this.#release(owner, name);
  }

  #release(owner: string, cell: string): void {
    const entry = this.#cells.get(cell);
    if (entry?.owner !== owner) return;
    entry.owner = undefined;
    const hasWork = entry.records.length + entry.inbox.length > 0;
    if (!hasWork && entry.snapshot === undefined && entry.runs === undefined) this.#cells.delete(cell);
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#cells.clear();
    this.#listeners.clear();
  }

  #entry(cell: string, fence: Fence): CellEntry {
    this.#assertOpen();
    const entry = this.#cells.get(cell) ?? this.#create(cell, fence.epoch, this.#claimantOf(fence.epoch));
    if (fence.epoch >= entry.epoch) return entry;
    throw new StoreError("store.fenced", `Cell "${cell}" was claimed by "${entry.owner ?? ""}"`, {
      remedy: "Stop writing: another owner goes on with this cell.",
    });
  }

  #claimantOf(epoch: number): string | undefined {
    return this.#claimants.findLast(({ from }) => from <= epoch)?.owner;
  }

  #create(cell: string, epoch: number, owner: string | undefined): CellEntry {
    const entry: CellEntry = {
      epoch,
      owner,
      pruned: 0,
      records: [],
      snapshot: undefined,
      inbox: [],
      isBusy: false,
      updatedAt: 0,
      runs: undefined,
    };
    this.#cells.set(cell, entry);
    return entry;
  }

  #dropIfEmpty(cell: string, entry: CellEntry): void {
    if (isEmpty(entry) && !this.isDurable) this.#cells.delete(cell);
  }

  #assertOpen(): void {
    if (!this.#isClosed) return;
    throw new StoreError("store.closed", "The store is closed", { remedy: "Open a new store." });
  }
}

function isEmpty(entry: CellEntry): boolean {
  const hasRecords = entry.records.length > 0 || entry.pruned > 0;
  return !hasRecords && entry.inbox.length === 0 && entry.snapshot === undefined && entry.runs === undefined;
}

function isNothing({ agents, sent, marks, remembered }: CellSnapshot): boolean {
  return (sent ?? 0) === 0 && [agents, marks, remembered].every((part) => Object.keys(part ?? {}).length === 0);
}
