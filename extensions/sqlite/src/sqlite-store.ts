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
  type SweepOptions,
  type SweepReport,
  systemClock,
} from "@troupe/core";
import { ChangeWatcher } from "./connection/change-watcher.ts";
import { GroupCommit } from "./connection/group-commit.ts";
import { openDatabase, type OpenOptions } from "./connection/open-database.ts";
import { retryLocked } from "./connection/retry-locked.ts";
import { readSchemaVersion } from "./connection/schema.ts";
import { RetentionSchedule } from "./retention/retention-schedule.ts";
import { sweep } from "./retention/sweep.ts";
import { dropCell, pruneLog, putSnapshot } from "./prune-cell.ts";
import { assertFence } from "./rows/cell-rows.ts";
import type { SqliteStoreOptions } from "./sqlite-store-options.ts";
import { StoreTables } from "./store-tables.ts";
import { LeaseClock } from "./worker/lease-clock.ts";
import { claimCell, listCells, releaseCell, releaseWorker } from "./worker/ownership.ts";
import { createProcessProbe, type ProcessProbe } from "./worker/process-identity.ts";

/**
 * Keeps cells in one SQLite file, through Node's own `node:sqlite`. Several processes of one machine may use the file at once.
 *
 * Nothing is opened before the first call. With `sync: "full"`, the default, what was acknowledged survives the loss of power.
 *
 * @param path the database file; created when missing, its folder must exist.
 * @throws ConfigError `config.invalid_option` for a database that would live in memory.
 */
export function sqliteStore(path: string, options: SqliteStoreOptions = {}): SqliteStore {
  if (path !== "" && path !== ":memory:") return new FileStore(path, options);
  throw new ConfigError(
    "config.invalid_option",
    `"${path}" is no file, and this store promises to outlive the process`,
    {
      remedy: "Give the path of a file, or use MemoryStore.",
    },
  );
}

/** A store in a SQLite file. */
export interface SqliteStore extends Store {
  /**
   * Drops what nobody needs any more: cells whose runs have ended, expired message ids, free room in the file. Cells that are busy, have
   * mail or belong to a worker that lives stay.
   *
   * @throws StoreError as every writing call.
   */
  sweep(options?: SweepOptions): Promise<SweepReport>;
}

class FileStore implements SqliteStore {
  readonly kind = "store";
  readonly isDurable = true;
  readonly #file: OpenOptions;
  readonly #lockedMs: number;
  readonly #clock: Clock;
  readonly #leaseClock: LeaseClock;
  readonly #processes: ProcessProbe;
  readonly #commit: GroupCommit;
  readonly #watcher: ChangeWatcher;
  readonly #retention: RetentionSchedule | undefined;
  /** Workers that claimed or beat through this store. */
  readonly #owners = new Set<string>();
  #tables: StoreTables | undefined;
  #closing: Promise<void> | undefined;

  constructor(path: string, options: SqliteStoreOptions) {
    this.#file = { path, sync: options.sync ?? "full", maxFileBytes: options.maxFileBytes };
    this.#lockedMs = options.lockedMs ?? 10_000;
    this.#clock = options.clock ?? systemClock;
    this.#leaseClock = new LeaseClock(this.#clock);
    this.#processes = options.processes ?? createProcessProbe();
    this.#commit = new GroupCommit({
      path,
      clock: systemClock,
      lockedMs: this.#lockedMs,
      open: () => this.#open().database,
      // A newer version may have migrated the file meanwhile: then this one must not write any more.
      onOthers: (database) => void readSchemaVersion(database, path),
      onRollback: () => this.#tables?.writer.forget(),
    });
    this.#watcher = new ChangeWatcher({
      clock: systemClock,
      pollMs: options.pollMs ?? 25,
      readVersion: () => this.#readVersion(),
    });
    const { retention } = options;
    if (retention !== undefined) {
      const { everyMs, ...what } = retention;
      this.#retention = new RetentionSchedule({ clock: systemClock, everyMs, sweep: () => this.sweep(what) });
    }
  }

  sweep(options: SweepOptions = {}): Promise<SweepReport> {
    return sweep(
      {
        read: (read) => this.#read(read),
        write: (write) => this.#write(write),
        checkpoint: () => this.#checkpoint(),
        now: () => this.#clock.now(),
      },
      options,
    );
  }

  #checkpoint(): void {
    try {
      this.#tables?.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // Somebody reads, or the disk is full: SQLite tries again by itself after later commits.
    }
  }

  claim(cell: string, owner: string): Promise<CellClaim> {
    this.#owners.add(owner);
    return this.#write((tables) => claimCell(tables, cell, owner));
  }

  // oxlint-disable-next-line max-params -- the port has four
  append(cell: string, fence: Fence, records: readonly StoreRecord[], notes?: AppendNotes): Promise<number> {
    return this.#write((tables) => tables.writer.append({ cell, fence, records, notes }), cell);
  }

  read(cell: string, range: LogRange = {}): MaybePromise<readonly StoreRecord[]> {
    return this.#read((tables) => {
      const found = tables.cells.find(cell);
      return found === undefined ? [] : tables.reader.read(found, range);
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
      putSnapshot(tables, found, { snapshot, dropsLog: options.dropsLog === true });
    });
  }

  async deliver(cell: string, entries: readonly InboxEntry[]): Promise<void> {
    this.#assertOpen();
    if (entries.length === 0) return;
    await this.#write((tables) => tables.inbox.add(tables.cells.ensure(cell).id, entries));
    this.#watcher.notify();
  }

  collect(cell: string, fence: Fence): MaybePromise<readonly CollectedEntry[]> {
    return this.#read((tables) => tables.inbox.read(assertFence(cell, tables.cells.find(cell), fence).id));
  }

  prune(cell: string, before?: number): Promise<void> {
    return this.#write((tables) => {
      const found = tables.cells.find(cell);
      if (found === undefined) return;
      if (before === undefined) dropCell(tables, found);
      else pruneLog(tables, found, before);
    });
  }

  cells(filter: { readonly cell?: string | undefined } = {}): MaybePromise<readonly CellRow[]> {
    return this.#read((tables) => listCells(tables, filter.cell));
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
    this.#owners.add(owner);
    return this.#write((tables) => tables.inbox.cellsWithMail(tables.workers.beat(owner)));
  }

  release(owner: string, cell?: string): MaybePromise<void> {
    if (this.#closing !== undefined) return undefined;
    if (cell !== undefined) return this.#write((tables) => releaseCell(tables, owner, cell));
    this.#owners.delete(owner);
    return this.#write((tables) => releaseWorker(tables, owner));
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
    await this.#retention?.settled();
    await this.#commit.drain();
    if (this.#tables === undefined) return;
    const release = (tables: StoreTables): void => {
      for (const owner of this.#owners) releaseWorker(tables, owner);
    };
    // A file that stays locked or broken: then the lease of these workers ends by itself.
    if (this.#owners.size > 0) await this.#commit.add(() => release(this.#open())).catch(() => {});
    this.#tables.database.close();
    this.#tables = undefined;
  }

  #write<T>(write: (tables: StoreTables) => T, appendsTo?: string): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    const written = this.#commit.add(() => write(this.#open()), appendsTo);
    this.#retention?.touch();
    return written;
  }

  #read<T>(read: (tables: StoreTables) => T): MaybePromise<T> {
    const attempt = (): T => {
      this.#assertOpen();
      const tables = this.#open();
      return tables.readTogether(() => read(tables));
    };
    return retryLocked(attempt, { path: this.#file.path, clock: systemClock, lockedMs: this.#lockedMs });
  }

  #open(): StoreTables {
    this.#tables ??= new StoreTables(openDatabase(this.#file), {
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

function closedError(): StoreError {
  return new StoreError("store.closed", "The store is closed", { remedy: "Open a new store." });
}
