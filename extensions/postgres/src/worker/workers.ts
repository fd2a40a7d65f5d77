/**
 * The workers of this process, and the proof that they live (C24).
 *
 * Owns: a row per worker, the lock of the session that stands for it. Does not own: which cell is whose.
 * Invariants:
 * P1. A worker's row names a lock that its session holds: when the process or its connection ends, the lock is free at once.
 * P2. A session that was opened again takes a new lock for each worker, unless it was declared dead meanwhile.
 * P3. Who was declared dead stays dead: its heartbeats and claims are refused until it has released everything and starts anew.
 * P4. A silent worker is dead when its lease has ended, on the server's clock, whatever its connection says.
 */
import { randomInt } from "node:crypto";
import type { RunStatement, Statement } from "../connection/database.ts";
import type { Session } from "../connection/session.ts";
import { fromStoredText, toStoredText } from "../rows/stored-text.ts";
import { deadWorker } from "../store-refusals.ts";

const lock: Statement = { name: "worker-lock", text: "SELECT pg_advisory_lock($1::bigint)" };
const unlock: Statement = { name: "worker-unlock", text: "SELECT pg_advisory_unlock($1::bigint)" };

const enrol: Statement = {
  name: "worker-enrol",
  text: `INSERT INTO workers (owner, lock, server_started, beat) VALUES ($1, $2, pg_postmaster_start_time(), clock_timestamp())
    RETURNING id::float8`,
};

/** A new session shows its lock; a row that is dead, or gone, stays so. */
const renew: Statement = {
  name: "worker-renew",
  text: `UPDATE workers SET lock = $2, server_started = pg_postmaster_start_time(), beat = clock_timestamp()
    WHERE id = $1 AND NOT is_dead RETURNING id::float8`,
};

const beat: Statement = {
  name: "worker-beat",
  text: `WITH beaten AS (UPDATE workers SET beat = clock_timestamp() WHERE id = $1 AND NOT is_dead RETURNING id)
    SELECT (SELECT count(*) FROM beaten)::integer AS beats, (SELECT version FROM meta) AS version, ARRAY(
      SELECT coalesce(c.long_name, c.name) FROM (SELECT DISTINCT cell FROM inbox) b JOIN cells c ON c.id = b.cell
      WHERE c.worker = $1 ORDER BY c.id) AS cells`,
};

interface Beat {
  /** 0 when the worker was declared dead. */
  readonly beats: number;
  /** Of the schema. */
  readonly version: number;
  readonly cells: readonly string[];
}

interface Worker {
  readonly owner: string;
  readonly id: number;
  /** Of the newest session. */
  lock: number;
  isDead: boolean;
}

interface Enrolment {
  readonly done: Promise<Worker>;
  /** Absent while the row is being made. */
  worker?: Worker;
}

/** Far from the small numbers that other programs use for their advisory locks, and exact as a JavaScript number. */
const lockBase = 2 ** 52;

/** See the head of this file. */
export class Workers {
  readonly #session: Session;
  readonly #onVersion: (version: number) => void;
  readonly #enrolments = new Map<string, Enrolment>();

  /** @param onVersion told the schema's version with every heartbeat; what it throws, the heartbeat throws. */
  constructor(session: Session, onVersion: (version: number) => void) {
    this.#session = session;
    this.#onVersion = onVersion;
  }

  /** The worker's id; it gets a row when it has none. @throws StoreError `store.fenced` when it was declared dead (P3). */
  async idOf(owner: string): Promise<number> {
    return (await this.#find(owner)).id;
  }

  /** The worker's id, if it has been heard of here and is not known to be dead. */
  known(owner: string): number | undefined {
    const worker = this.#enrolments.get(owner)?.worker;
    return worker === undefined || worker.isDead ? undefined : worker.id;
  }

  /** True when the id is that of a worker of this process. */
  has(id: number): boolean {
    return [...this.#enrolments.values()].some(({ worker }) => worker?.id === id);
  }

  /** The names under which workers have been heard of here. */
  owners(): readonly string[] {
    return [...this.#enrolments.keys()];
  }

  /** Says that the worker lives, and names its cells that have mail. @throws StoreError `store.fenced`. */
  async heartbeat(owner: string): Promise<readonly string[]> {
    const worker = await this.#find(owner);
    const [row] = await this.#session.query<Beat>(beat, [worker.id]);
    if (row === undefined || row.beats === 0) this.bury(owner);
    if (row === undefined || worker.isDead) throw deadWorker(owner);
    this.#onVersion(row.version);
    return row.cells.map(fromStoredText);
  }

  /** Somebody has found out that the worker was declared dead. */
  bury(owner: string): void {
    const worker = this.#enrolments.get(owner)?.worker;
    if (worker !== undefined) worker.isDead = true;
  }

  /** Forgets a worker whose cells are free now and whose row is gone. */
  async end(owner: string): Promise<void> {
    const worker = this.#enrolments.get(owner)?.worker;
    this.#enrolments.delete(owner);
    if (worker !== undefined) await this.#session.query(unlock, [worker.lock]);
  }

  /** Proves the workers alive on a new session (P2). One whose row is being made takes its lock there. */
  async renew(run: RunStatement): Promise<void> {
    for (const { worker } of this.#enrolments.values()) {
      if (worker === undefined || worker.isDead) continue;
      worker.lock = newLock();
      await run(lock, [worker.lock]);
      const rows = await run(renew, [worker.id, worker.lock]);
      if (rows.length === 0) worker.isDead = true;
    }
  }

  async #find(owner: string): Promise<Worker> {
    const worker = await (this.#enrolments.get(owner) ?? this.#start(owner)).done;
    if (worker.isDead) throw deadWorker(owner);
    return worker;
  }

  #start(owner: string): Enrolment {
    const enrolment: Enrolment = { done: this.#session.use((run) => enrolWorker(run, owner)) };
    this.#enrolments.set(owner, enrolment);
    enrolment.done.then(
      (worker) => {
        enrolment.worker = worker;
      },
      () => this.#enrolments.delete(owner),
    );
    return enrolment;
  }
}

async function enrolWorker(run: RunStatement, owner: string): Promise<Worker> {
  const number = newLock();
  await run(lock, [number]);
  const [row] = await run<{ id: number }>(enrol, [toStoredText(owner), number]);
  if (row === undefined) throw new Error("an insert returned no row");
  return { owner, id: row.id, lock: number, isDead: false };
}

function newLock(): number {
  return lockBase + randomInt(2 ** 47);
}
