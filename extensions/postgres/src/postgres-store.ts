/**
 * The shared durable store: one schema of a PostgreSQL database.
 *
 * Owns: what each call of the port does, and the end of it all. Does not own: connections, batches, rows.
 * Invariants:
 * S1. A promise of a writing call resolves only when the server has committed.
 * S2. A cell has one owner: a claim is refused while its owner lives, and whoever lost a cell cannot write it any more.
 * S3. Epochs never repeat, not even after a cell was pruned.
 * S4. After `close` every call is refused, no connection is open, and the workers of this store are released.
 * S5. No error and no text of this store shows a password.
 */
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
  StoreRecord,
  SweepOptions,
  SweepReport,
} from "@troupe/core";
import { Announcer } from "./connection/announcer.ts";
import { type ConnectionSettings, connectionSettings } from "./connection/connection-settings.ts";
import { Database } from "./connection/database.ts";
import { Session } from "./connection/session.ts";
import type { PostgresStoreOptions } from "./postgres-store-options.ts";
import { RetentionSchedule } from "./retention/retention-schedule.ts";
import type { RetentionOptions } from "./retention/retention-options.ts";
import { sweep } from "./retention/sweep.ts";
import { BlobRows } from "./rows/blob-rows.ts";
import { CellRows } from "./rows/cell-rows.ts";
import { InboxRows } from "./rows/inbox-rows.ts";
import { LogRows } from "./rows/log-rows.ts";
import { RunRows } from "./rows/run-rows.ts";
import { closedStore } from "./store-refusals.ts";
import { Claims } from "./worker/claims.ts";
import { Releases } from "./worker/releases.ts";
import { Workers } from "./worker/workers.ts";
import { GroupCommit } from "./write/group-commit.ts";

/**
 * Keeps cells in a PostgreSQL database that any number of processes on any number of machines share.
 *
 * Nothing connects before the first call. What was acknowledged survives whatever the server's own settings promise; with its defaults,
 * the loss of power. Version 13 or newer; a pooler in between must keep sessions (locks and notifications belong to them).
 *
 * @throws ConfigError `config.invalid_option`.
 */
export function postgresStore(options: PostgresStoreOptions = {}): PostgresStore {
  return new SharedStore(connectionSettings(options), options.retention);
}

/** A store in a PostgreSQL database. */
export interface PostgresStore extends Store {
  /**
   * Drops what nobody needs any more: cells whose runs have ended, expired message ids, large strings that nothing refers to. Cells that
   * are busy, have mail or belong to a worker that lives stay. `bytes` counts stored logs and snapshots; the server uses their room again
   * after its own autovacuum.
   *
   * @throws StoreError as every writing call.
   */
  sweep(options?: SweepOptions): Promise<SweepReport>;
}

class SharedStore implements PostgresStore {
  readonly kind = "store";
  readonly isDurable = true;
  readonly #database: Database;
  readonly #session: Session;
  readonly #announcer: Announcer;
  readonly #workers: Workers;
  readonly #claims: Claims;
  readonly #releases: Releases;
  readonly #writes: GroupCommit;
  readonly #inbox: InboxRows;
  readonly #cells: CellRows;
  readonly #logs: LogRows;
  readonly #runs: RunRows;
  readonly #retention: RetentionSchedule | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: ConnectionSettings, retention: RetentionOptions | undefined) {
    const database = new Database(settings);
    this.#database = database;
    this.#session = new Session(database, {
      onOpen: async (run) => {
        await run({ name: "", text: `LISTEN "${settings.schema} changes"` }, []);
        // Heartbeats need not survive a power failure: after one all locks are gone and every worker shows itself anew.
        await run({ name: "", text: "SET synchronous_commit = off" }, []);
        await this.#workers.renew(run);
        // Whatever was said while nobody listened.
        this.#announcer.tell();
      },
      onNotification: (payload) => this.#announcer.hear(payload),
    });
    this.#workers = new Workers(this.#session, (version) => database.noteVersion(version));
    this.#announcer = new Announcer(database, (worker) => this.#workers.has(worker));
    const blobs = new BlobRows(database);
    this.#claims = new Claims(database, this.#workers);
    this.#releases = new Releases(database);
    this.#writes = new GroupCommit(database, blobs, () => {
      this.#announcer.announceWrite();
      this.#retention?.touch();
    });
    this.#inbox = new InboxRows(database, (workers) => this.#announcer.announceMail(workers));
    this.#cells = new CellRows(database);
    this.#logs = new LogRows(database, blobs);
    this.#runs = new RunRows(database);
    if (retention !== undefined)
      this.#retention = new RetentionSchedule(() => this.sweep(retention), retention.everyMs);
  }

  async sweep(options: SweepOptions = {}): Promise<SweepReport> {
    this.#assertOpen();
    return sweep(this.#database, options);
  }

  async claim(cell: string, owner: string): Promise<CellClaim> {
    this.#assertOpen();
    return this.#claims.claim(cell, owner);
  }

  // oxlint-disable-next-line max-params -- the port has four
  async append(cell: string, fence: Fence, records: readonly StoreRecord[], notes: AppendNotes = {}): Promise<number> {
    this.#assertOpen();
    return this.#writes.append({ cell, fence, records, notes });
  }

  async read(cell: string, range: LogRange = {}): Promise<readonly StoreRecord[]> {
    this.#assertOpen();
    return this.#logs.read(cell, range);
  }

  // oxlint-disable-next-line max-params -- the port has four
  async snapshot(
    cell: string,
    fence: Fence,
    snapshot: CellSnapshot,
    options: { readonly dropsLog?: boolean | undefined } = {},
  ): Promise<void> {
    this.#assertOpen();
    await this.#writes.snapshot(cell, fence, { snapshot, dropsLog: options.dropsLog === true });
  }

  async deliver(cell: string, entries: readonly InboxEntry[]): Promise<void> {
    this.#assertOpen();
    if (entries.length > 0) await this.#inbox.deliver(cell, entries);
  }

  async collect(cell: string, fence: Fence): Promise<readonly CollectedEntry[]> {
    this.#assertOpen();
    return this.#inbox.collect(cell, fence);
  }

  async prune(cell: string, before?: number): Promise<void> {
    this.#assertOpen();
    if (before !== undefined) return this.#cells.pruneBefore(cell, before);
    this.#writes.forget(cell);
    return this.#cells.drop(cell);
  }

  async cells(filter: { readonly cell?: string | undefined } = {}): Promise<readonly CellRow[]> {
    this.#assertOpen();
    return this.#cells.list(filter.cell);
  }

  async runs(filter: RunFilter = {}): Promise<readonly RunRow[]> {
    this.#assertOpen();
    return this.#runs.list(filter);
  }

  async heartbeat(owner: string): Promise<readonly string[]> {
    this.#assertOpen();
    return this.#workers.heartbeat(owner);
  }

  async release(owner: string, cell?: string): Promise<void> {
    if (this.#closing !== undefined) return;
    const worker = this.#workers.known(owner);
    if (cell === undefined) await this.#releaseAll(owner, worker);
    else if (worker !== undefined) {
      await this.#releases.release(worker, cell);
      this.#writes.forget(cell);
    }
  }

  watch(listener: () => void): () => void {
    if (this.#closing !== undefined) return () => {};
    this.#session.keep();
    return this.#announcer.add(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #releaseAll(owner: string, worker: number | undefined): Promise<void> {
    if (worker !== undefined) await this.#releases.releaseAll(worker);
    await this.#workers.end(owner);
    this.#writes.forget();
  }

  async #end(): Promise<void> {
    this.#database.stopRetrying();
    await this.#retention?.settled();
    await Promise.all([this.#writes.idle(), this.#inbox.idle(), this.#claims.idle(), this.#releases.idle()]);
    // A server that is away: then the locks are free with the session, and others see that these workers are gone.
    const ends = this.#workers.owners().map((owner) => this.#releaseAll(owner, this.#workers.known(owner)));
    await Promise.allSettled(ends);
    await this.#announcer.close();
    await this.#session.close();
    await this.#database.close();
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedStore();
  }
}
