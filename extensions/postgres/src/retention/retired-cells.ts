import type { RunRow } from "@troupe/core";
import type { Database, Statement } from "../connection/database.ts";
import { dropCells } from "../rows/cell-rows.ts";
import { runsOfCells } from "../rows/run-rows.ts";
import { fromStoredText } from "../rows/stored-text.ts";
import { isDead } from "../worker/liveness.ts";

/** A cell in which nothing goes on any more: its runs have ended, nothing is unfinished, its inbox is empty, no live worker has it. */
export interface RetiredCell {
  readonly id: number;
  readonly cell: string;
  /** When its last run changed last. Epoch milliseconds. */
  readonly endedAt: number;
}

/** What went. */
export interface DroppedCells {
  readonly cells: readonly RetiredCell[];
  readonly runs: readonly RunRow[];
}

/** Bounds in time of what may go. Epoch milliseconds. */
export interface SweepBounds {
  /** Cells that ended at or before this go. */
  readonly goUntil: number;
  /** Cells that ended after this stay, however much room they take. */
  readonly mayGoUntil: number;
}

/** The worker of cell `c`, if it lives: `$1` is the lease. */
const liveWorker = `SELECT FROM workers w WHERE w.id = c.worker AND NOT ${isDead("$1")}`;

/** True for cells `c` whose last run is `r`, and that may go. */
const isRetired = `NOT c.is_busy AND NOT EXISTS (SELECT FROM inbox b WHERE b.cell = c.id) AND NOT EXISTS (${liveWorker})
  AND NOT EXISTS (SELECT FROM runs o WHERE o.cell = r.cell
    AND (o.status <> 'ended' OR (o.updated_at, o.id) > (r.updated_at, r.id)))`;

const retired = `SELECT c.id::float8, coalesce(c.long_name, c.name) AS cell, r.updated_at::float8 AS "endedAt"
  FROM runs r JOIN cells c ON c.id = r.cell WHERE ${isRetired}`;

const list: Statement = {
  name: "sweep-list",
  text: `${retired} AND r.updated_at <= $2 ORDER BY r.updated_at, r.id LIMIT $3`,
};

const again: Statement = { name: "sweep-again", text: `${retired} AND c.id = ANY($2::bigint[])` };

const nthNewest: Statement = {
  name: "sweep-newest",
  text: `SELECT updated_at::float8 AS "endedAt" FROM runs ORDER BY updated_at DESC LIMIT 1 OFFSET $1`,
};

const bytesOfCells: Statement = {
  name: "sweep-bytes",
  text: `SELECT c.id::float8, ((SELECT coalesce(sum(pg_column_size(l.body)), 0) FROM log l WHERE l.cell = c.id)
    + (SELECT coalesce(sum(pg_column_size(y.body)), 0) FROM summaries y WHERE y.cell = c.id)
    + (SELECT coalesce(sum(pg_column_size(s.body)), 0) FROM snapshots s WHERE s.cell = c.id))::float8 AS bytes
    FROM cells c WHERE c.id = ANY($1::bigint[])`,
};

const bytesOfAll: Statement = {
  name: "sweep-all-bytes",
  text: `SELECT ((SELECT coalesce(sum(pg_column_size(body)), 0) FROM log) + (SELECT coalesce(sum(pg_column_size(body)), 0) FROM summaries)
    + (SELECT coalesce(sum(pg_column_size(body)), 0) FROM snapshots) + (SELECT coalesce(sum(pg_column_size(body)), 0) FROM blobs))::float8 AS bytes`,
};

const lock: Statement = {
  name: "sweep-lock",
  text: "SELECT id::float8 FROM cells WHERE id = ANY($1::bigint[]) ORDER BY name FOR UPDATE",
};

/** Finds what retention may drop, and drops it. */
export class RetiredCells {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Some that ended until then, in the order in which they ended. */
  async list(until: number, limit: number): Promise<readonly RetiredCell[]> {
    const { rows } = await this.#database.query<RetiredCell>(list, [this.#leaseMs, until, limit]);
    return rows.map((row) => ({ ...row, cell: fromStoredText(row.cell) }));
  }

  /** When the run changed last that `count - 1` others are newer than; undefined when there are not so many. */
  async changedAtOfNewest(count: number): Promise<number | undefined> {
    const { rows } = await this.#database.query<{ endedAt: number }>(nthNewest, [count - 1]);
    return rows[0]?.endedAt;
  }

  async totalBytes(): Promise<number> {
    const { rows } = await this.#database.query<{ bytes: number }>(bytesOfAll, []);
    return rows[0]?.bytes ?? 0;
  }

  /** Bytes of each, by id. */
  async bytesOf(cells: readonly RetiredCell[]): Promise<ReadonlyMap<number, number>> {
    const ids = cells.map(({ id }) => id);
    const { rows } = await this.#database.query<{ id: number; bytes: number }>(bytesOfCells, [ids]);
    return new Map(rows.map(({ id, bytes }) => [id, bytes]));
  }

  /** The runs of cells that would go. */
  runsOf(cells: readonly RetiredCell[]): Promise<readonly RunRow[]> {
    return this.#database.transaction((run) => runsOfCells(run, idsOf(cells)));
  }

  /** Drops cells whole, each looked at once more under its lock; returns those that went, and their runs. */
  drop(cells: readonly RetiredCell[]): Promise<DroppedCells> {
    return this.#database.transaction(async (run) => {
      await run(lock, [idsOf(cells)]);
      const found = await run<RetiredCell>(again, [this.#leaseMs, idsOf(cells)]);
      const still = new Set(found.map(({ id }) => id));
      const dropped = cells.filter(({ id }) => still.has(id));
      const runs = await runsOfCells(run, idsOf(dropped));
      await dropCells(run, idsOf(dropped));
      return { cells: dropped, runs };
    });
  }

  get #leaseMs(): number {
    return this.#database.settings.leaseMs;
  }
}

function idsOf(cells: readonly RetiredCell[]): readonly number[] {
  return cells.map(({ id }) => id);
}
