/**
 * Who may own cells: the workers of all processes that use the file (C24).
 *
 * Owns: the worker rows, their heartbeats, and the judgement who is dead.
 * Does not own: which cell belongs to whom.
 * Invariants:
 * P1. A worker lives while its process lives and its last heartbeat is not older than the lease.
 * P2. Who was declared dead stays dead: its heartbeats and claims are refused until it has released everything and starts anew.
 * P3. A worker that released everything has no row; cells that still name it count as released.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { StoreError } from "@troupe/core";
import { integerOf, type StoredRow, textOf } from "../connection/stored-value.ts";
import type { LeaseClock } from "./lease-clock.ts";
import type { ProcessIdentity, ProcessProbe } from "./process-identity.ts";

/** How a cell's recorded owner stands. */
export type WorkerStanding =
  | { readonly kind: "alive"; readonly name: string }
  | { readonly kind: "dead" }
  | { readonly kind: "released" };

/** Without a heartbeat for so long a worker is dead (C24). */
export const leaseMs = 15_000;

/** Heartbeats are written at most this often: each costs a commit, and wakes everybody who watches. */
const writtenBeatMs = 3_000;

/** A worker that was declared dead is remembered for so long after its last heartbeat, in case it wakes (P2). */
const deadMarkMs = 86_400_000;

/** See the head of this file. */
export class Workers {
  readonly #clock: LeaseClock;
  readonly #probe: ProcessProbe;
  readonly #find: StatementSync;
  readonly #read: StatementSync;
  readonly #insert: StatementSync;
  readonly #beat: StatementSync;
  readonly #bury: StatementSync;
  readonly #end: StatementSync;
  readonly #forgetName: StatementSync;
  readonly #others: StatementSync;
  readonly #dropUnused: StatementSync;
  readonly #latestBeat: StatementSync;

  constructor(database: DatabaseSync, clock: LeaseClock, probe: ProcessProbe) {
    this.#clock = clock;
    this.#probe = probe;
    this.#find = database.prepare(
      "SELECT id, is_dead, beat FROM worker WHERE name = ? AND host = ? AND pid = ? AND started = ?",
    );
    this.#read = database.prepare("SELECT name, host, pid, started, beat, is_dead FROM worker WHERE id = ?");
    this.#insert = database.prepare("INSERT INTO worker (name, host, pid, started, beat) VALUES (?, ?, ?, ?, ?)");
    this.#beat = database.prepare("UPDATE worker SET beat = ? WHERE id = ?");
    this.#bury = database.prepare("UPDATE worker SET is_dead = 1 WHERE id = ?");
    this.#end = database.prepare("DELETE FROM worker WHERE id = ? AND is_dead = 0");
    this.#forgetName = database.prepare("UPDATE worker SET name = '' WHERE id = ?");
    this.#others = database.prepare("SELECT id, host, pid, started FROM worker WHERE is_dead = 0");
    this.#dropUnused = database.prepare(
      "DELETE FROM worker WHERE is_dead = 1 AND beat < ? AND NOT EXISTS (SELECT 1 FROM cell WHERE owner = worker.id)",
    );
    this.#latestBeat = database.prepare("SELECT coalesce(max(beat), 0) AS beat FROM worker");
  }

  /** The worker's row, made when it has none. @throws StoreError `store.fenced` when it was declared dead (P2). */
  enrol(owner: string): number {
    const row = this.#rowOf(owner);
    if (row !== undefined) return assertAlive(row, owner);
    this.tidy();
    const { host, pid, started } = this.#probe.self;
    return Number(this.#insert.run(owner, host, pid, started, this.#now()).lastInsertRowid);
  }

  /** Declares those dead whose end can be seen, and drops the marks of the long dead that no cell names. */
  tidy(): void {
    for (const row of this.#others.all()) if (this.#probe.isGone(identityOf(row))) this.bury(integerOf(row, "id"));
    this.#dropUnused.run(this.#now() - deadMarkMs);
  }

  /** The worker's row when its heartbeat need not be written now. @throws StoreError `store.fenced`. */
  recent(owner: string): number | undefined {
    const row = this.#rowOf(owner);
    if (row === undefined) return undefined;
    const id = assertAlive(row, owner);
    return this.#now() - integerOf(row, "beat") < writtenBeatMs ? id : undefined;
  }

  /** Says that the worker lives, and returns its row. @throws StoreError `store.fenced`. */
  beat(owner: string): number {
    const id = this.enrol(owner);
    this.#beat.run(this.#now(), id);
    return id;
  }

  /** The worker's row, if it has one and lives. */
  find(owner: string): number | undefined {
    const row = this.#rowOf(owner);
    return row === undefined || integerOf(row, "is_dead") === 1 ? undefined : integerOf(row, "id");
  }

  /** How a worker stands now; writes nothing. */
  standing(id: number): WorkerStanding {
    const row = this.#read.get(id);
    if (row === undefined) return { kind: "released" };
    if (integerOf(row, "is_dead") === 1 || this.#hasDied(row)) return { kind: "dead" };
    return { kind: "alive", name: textOf(row, "name") };
  }

  /** Its name, while it lives. */
  nameOfLive(id: number): string | undefined {
    const standing = this.standing(id);
    return standing.kind === "alive" ? standing.name : undefined;
  }

  /** Declares a worker dead (P2). */
  bury(id: number): void {
    this.#bury.run(id);
  }

  /** Ends a worker (P3). One that was declared dead keeps its mark, under no name: its cells were not released. */
  end(owner: string): void {
    const row = this.#rowOf(owner);
    if (row === undefined) return;
    const id = integerOf(row, "id");
    this.#end.run(id);
    this.#forgetName.run(id);
  }

  #rowOf(owner: string): StoredRow | undefined {
    const { host, pid, started } = this.#probe.self;
    return this.#find.get(owner, host, pid, started);
  }

  #hasDied(row: StoredRow): boolean {
    return this.#probe.isGone(identityOf(row)) || this.#now() - integerOf(row, "beat") > leaseMs;
  }

  #now(): number {
    return this.#clock.now(integerOf(this.#latestBeat.get() ?? {}, "beat"));
  }
}

function assertAlive(row: StoredRow, owner: string): number {
  if (integerOf(row, "is_dead") === 0) return integerOf(row, "id");
  throw new StoreError("store.fenced", `The worker "${owner}" was declared dead`, {
    remedy: "Stop writing: others go on with its cells. Start a new worker, under a new name.",
    details: { owner },
  });
}

function identityOf(row: StoredRow): ProcessIdentity {
  return { host: textOf(row, "host"), pid: integerOf(row, "pid"), started: textOf(row, "started") };
}
