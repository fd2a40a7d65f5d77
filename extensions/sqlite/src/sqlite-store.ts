/**
 * The embedded durable store: one SQLite file.
 *
 * Owns: the connection, from the first call to `close`; what each call does to the tables.
 * Does not own: the transaction (`group-commit.ts`), the judgement who is dead (`workers.ts`), rows.
 * Invariants:
 * S1. A promise of a writing call resolves only when what it wrote is on disk.
 * S2. A cell has one owner: a claim is refused while its owner lives, and whoever lost a cell cannot write it any more.
 * S3. Epochs never repeat, not even after a cell was pruned.
 * S4. After `close` every call is refused, no file is open, and the workers of this store are released.
 */
import {
  type AppendNotes,
  type CellClaim,
  type CellRow,
  type CellSnapshot,
  type Clock,
  type CollectedEntry,
  ConfigError,
  type Fence,
  type InboxEntry,
  isPromiseLike,
  type LogRange,
  type MaybePromise,
  type RunFilter,
  type RunRow,
  type Store,
  StoreError,
  type StoreRecord,
  systemClock,
} from "@troupe/core";
import { ChangeWatcher } from "./connection/change-watcher.ts";
import { GroupCommit } from "./connection/group-commit.ts";
import { openDatabase } from "./connection/open-database.ts";
import { retryLocked } from "./connection/retry-locked.ts";
import { assertFence } from "./rows/cell-rows.ts";
import type { SqliteStoreOptions } from "./sqlite-store-options.ts";
import { StoreTables } from "./store-tables.ts";
import { LeaseClock } from "./worker/lease-clock.ts";
import { createProcessProbe, type ProcessProbe } from "./worker/process-identity.ts";

/**
 * Keeps cells in one SQLite file, through Node's own `node:sqlite`. Several processes of one machine may use the file at once.
 *
 * Nothing is opened before the first call. With `sync: "full"`, the default, what was acknowledged survives the loss of power.
 *
 * @param path the database file; created when missing, its folder must exist.
 * @throws ConfigError `config.invalid_option` for a database that would live in memory.
 */
export function sqliteStore(path: string, options: SqliteStoreOptions = {}): Store {
  if (path !== "" && path !== ":memory:") return new SqliteStore(path, options);
  throw new ConfigError(
    "config.invalid_option",
    `"${path}" is no file, and this store promises to outlive the process`,
    {
      remedy: "Give the path of a file, or use MemoryStore.",
    },
  );
}

class SqliteStore implements Store {
  readonly kind = "store";
  readonly isDurable = true;
  readonly #path: string;
  readonly #sync: "full" | "normal";
  readonly #lockedMs: number;
  readonly #clock: Clock;
  readonly #leaseClock: LeaseClock;
  readonly #processes: ProcessProbe;
  readonly #commit: GroupCommit;
  readonly #watcher: ChangeWatcher;
  /** Workers that claimed or beat through this store. */
  readonly #owners = new Set<string>();
  #tables: StoreTables | undefined;
  #closing: Promise<void> | undefined;

  constructor(path: string, options: SqliteStoreOptions) {
    this.#path = path;
    this.#sync = options.sync ?? "full";
    this.#lockedMs = options.lockedMs ?? 10_000;
    this.#clock = options.clock ?? systemClock;
    this.#leaseClock = new LeaseClock(this.#clock);
    this.#processes = options.processes ?? createProcessProbe();
    this.#commit = new GroupCommit({
      path,
      clock: systemClock,
      lockedMs: this.#lockedMs,
      open: () => this.#open().database,
      onRollback: () => this.#tables?.writer.forget(),
    });
    this.#watcher = new ChangeWatcher({
      clock: systemClock,
      pollMs: options.pollMs ?? 25,
      readVersion: () => this.#readVersion(),
    });
  }

  claim(cell: string, owner: string): Promise<CellClaim> {
    return this.#write((tables) => {
      const worker = tables.workers.enrol(owner);
      this.#owners.add(owner);
      const isClean = takeOver(tables, cell, worker);
      const id = tables.cells.ensure(cell);
      const epoch = tables.cells.claim(id, worker);
      tables.writer.forget(cell);
      const position = tables.cells.find(cell)?.position ?? 0;
      return { epoch, position, snapshot: tables.snapshots.read(id, cell), isClean };
    });
  }

  // oxlint-disable-next-line max-params -- the port has four
  append(cell: string, fence: Fence, records: readonly StoreRecord[], notes?: AppendNotes): Promise<number> {
    return this.#write((tables) => tables.writer.append({ cell, fence, records, notes }));
  }

  read(cell: string, range: LogRange = {}): MaybePromise<readonly StoreRecord[]> {
    return this.#read((tables) => {
      const found = tables.cells.find(cell);
      return found === undefined ? [] : tables.logs.read(found, range);
    });
  }

  // oxlint-disable-next-line max-params -- the port has four
  snapshot(
    cell: string,
    fence: Fence,
    snapshot: CellSnapshot,
    options: { readonly dropsLog?: boolean | undefined } = {},
  ): Promise<void> {
    return this.#write((tables) => {
      const found = assertFence(cell, tables.cells.find(cell), fence);
      tables.snapshots.put(found.id, snapshot);
      if (options.dropsLog !== true) return;
      const before = Math.min(snapshot.position, found.position);
      const tail = tables.logs.prune(found, before, true);
      tables.cells.setPruned(found.id, Math.max(found.pruned, before), tail);
      if (tail === undefined) tables.writer.forget(cell);
    });
  }

  async deliver(cell: string, entries: readonly InboxEntry[]): Promise<void> {
    this.#assertOpen();
    if (entries.length === 0) return;
    await this.#write((tables) => tables.inbox.add(tables.cells.ensure(cell), entries));
    this.#watcher.notify();
  }

  collect(cell: string, fence: Fence): MaybePromise<readonly CollectedEntry[]> {
    return this.#read((tables) => tables.inbox.read(assertFence(cell, tables.cells.find(cell), fence).id));
  }

  prune(cell: string, before?: number): Promise<void> {
    return this.#write((tables) => {
      const found = tables.cells.find(cell);
      if (found === undefined) return;
      if (before === undefined) {
        tables.writer.forget(cell);
        dropCell(tables, found.id, () => tables.logs.prune(found, found.position, true));
        return;
      }
      const upTo = Math.max(found.pruned, Math.min(before, found.position));
      tables.cells.setPruned(found.id, upTo, tables.logs.prune(found, upTo, false));
    });
  }

  cells(filter: { readonly cell?: string | undefined } = {}): MaybePromise<readonly CellRow[]> {
    return this.#read((tables) =>
      tables.cells.list(filter.cell).map((row) => ({ ...row, owner: nameOf(tables, row.owner) })),
    );
  }

  runs(filter: RunFilter = {}): MaybePromise<readonly RunRow[]> {
    return this.#read((tables) => tables.runs.list(filter));
  }

  heartbeat(owner: string): MaybePromise<readonly string[]> {
    const recent = this.#read((tables) => {
      const worker = tables.workers.recent(owner);
      return worker === undefined ? undefined : tables.inbox.cellsWithMail(worker);
    });
    if (isPromiseLike(recent)) return recent.then((cells) => cells ?? this.#beat(owner));
    return recent ?? this.#beat(owner);
  }

  #beat(owner: string): Promise<readonly string[]> {
    return this.#write((tables) => {
      const worker = tables.workers.beat(owner);
      this.#owners.add(owner);
      return tables.inbox.cellsWithMail(worker);
    });
  }

  release(owner: string, cell?: string): MaybePromise<void> {
    if (this.#closing !== undefined) return undefined;
    return this.#write((tables) => {
      const worker = tables.workers.find(owner);
      if (cell === undefined) {
        releaseAll(tables, owner);
        this.#owners.delete(owner);
        return;
      }
      const found = tables.cells.find(cell);
      if (found === undefined || worker === undefined) return;
      tables.cells.release(found, worker);
      if (found.owner === worker) tables.writer.forget(cell);
    });
  }

  watch(listener: () => void): () => void {
    if (this.#closing !== undefined) return () => {};
    return this.#watcher.add(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#watcher.close();
    await this.#commit.drain();
    if (this.#tables === undefined) return;
    const release = (tables: StoreTables): void => {
      for (const owner of this.#owners) releaseAll(tables, owner);
    };
    // A file that stays locked or broken: then the lease of these workers ends by itself.
    if (this.#owners.size > 0) await this.#commit.add(() => release(this.#open())).catch(() => {});
    this.#tables.database.close();
    this.#tables = undefined;
  }

  #write<T>(write: (tables: StoreTables) => T): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    return this.#commit.add(() => write(this.#open()));
  }

  #read<T>(read: (tables: StoreTables) => T): MaybePromise<T> {
    const attempt = (): T => {
      this.#assertOpen();
      const tables = this.#open();
      return tables.readTogether(() => read(tables));
    };
    return retryLocked(attempt, { path: this.#path, clock: systemClock, lockedMs: this.#lockedMs });
  }

  #open(): StoreTables {
    this.#tables ??= new StoreTables(openDatabase(this.#path, this.#sync), {
      clock: this.#clock,
      leaseClock: this.#leaseClock,
      processes: this.#processes,
    });
    return this.#tables;
  }

  #readVersion(): number | undefined {
    try {
      return this.#open().dataVersion();
    } catch {
      // Locked, or broken: whoever reads or writes next is told.
      return undefined;
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }
}

/** Frees the cell from a dead owner; true when nobody died with it. @throws StoreError `store.owned` when its owner lives. */
function takeOver(tables: StoreTables, cell: string, worker: number): boolean {
  const owner = tables.cells.find(cell)?.owner;
  if (owner === undefined || owner === worker) return true;
  const standing = tables.workers.standing(owner);
  if (standing.kind === "alive") {
    throw new StoreError("store.owned", `Cell "${cell}" belongs to the live worker "${standing.name}"`, {
      remedy: "Ask its owner, wait until it releases the cell, or end that process.",
      details: { cell, owner: standing.name },
    });
  }
  if (standing.kind === "dead") tables.workers.bury(owner);
  return standing.kind === "released";
}

function releaseAll(tables: StoreTables, owner: string): void {
  const worker = tables.workers.find(owner);
  if (worker !== undefined) tables.cells.dropEmptyOf(worker);
  tables.workers.end(owner);
  tables.writer.forget();
}

function dropCell(tables: StoreTables, id: number, dropLog: () => void): void {
  dropLog();
  tables.snapshots.drop(id);
  tables.inbox.dropAll(id);
  tables.runs.dropAll(id);
  tables.cells.delete(id);
}

function nameOf(tables: StoreTables, owner: number | undefined): string | undefined {
  if (owner === undefined) return undefined;
  const standing = tables.workers.standing(owner);
  return standing.kind === "alive" ? standing.name : undefined;
}

function closedError(): StoreError {
  return new StoreError("store.closed", "The store is closed", { remedy: "Open a new store." });
}
