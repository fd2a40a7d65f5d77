import type { CellRow } from "@troupe/core";
import type { Database, RunStatement, Statement } from "../connection/database.ts";
import { isDead } from "../worker/liveness.ts";
import { fromStoredText, toStoredName } from "./stored-text.ts";

interface ListedCell {
  readonly cell: string;
  readonly isBusy: boolean;
  readonly hasMail: boolean;
  readonly owner: string | null;
  readonly position: number;
  readonly updatedAt: number;
}

/** A row `c` of `cells` with which nothing is lost but the position, and epochs grow without it. */
export const isBare = `NOT c.is_busy AND NOT EXISTS (SELECT FROM log l WHERE l.cell = c.id)
  AND NOT EXISTS (SELECT FROM inbox b WHERE b.cell = c.id) AND NOT EXISTS (SELECT FROM snapshots s WHERE s.cell = c.id)
  AND NOT EXISTS (SELECT FROM runs r WHERE r.cell = c.id)`;

const holdsAnything = `(c.position > 0 OR EXISTS (SELECT FROM inbox b WHERE b.cell = c.id)
  OR EXISTS (SELECT FROM snapshots s WHERE s.cell = c.id) OR EXISTS (SELECT FROM runs r WHERE r.cell = c.id))`;

const listing = `WITH alive AS MATERIALIZED (SELECT w.id, w.owner FROM workers w WHERE NOT ${isDead("$1")})
  SELECT coalesce(c.long_name, c.name) AS cell, c.is_busy AS "isBusy", EXISTS (SELECT FROM inbox b WHERE b.cell = c.id) AS "hasMail",
    (SELECT a.owner FROM alive a WHERE a.id = c.worker) AS owner, c.position::float8, c.updated_at::float8 AS "updatedAt"
  FROM cells c WHERE ${holdsAnything}`;

const listAll: Statement = { name: "cells", text: `${listing} ORDER BY c.id` };
const listOne: Statement = { name: "cell", text: `${listing} AND c.name = $2` };

const pruneBefore: Statement = {
  name: "cell-prune-before",
  text: `WITH moved AS (
    UPDATE cells SET pruned = greatest(pruned, least(position, $2::bigint)) WHERE name = $1 RETURNING id, pruned
  ), kept AS MATERIALIZED (
    SELECT m.id, (SELECT s.start FROM log s WHERE s.cell = m.id AND s.start <= m.pruned AND s.starts_segment
      ORDER BY s.start DESC LIMIT 1) AS start FROM moved m
  ), unsummed AS (
    DELETE FROM summaries s USING kept k WHERE s.cell = k.id AND s.until <= k.start
  )
  DELETE FROM log l USING kept k WHERE l.cell = k.id AND l.start < k.start`,
};

/** Nobody writes, delivers or claims while the row is locked, so the statements after it see everything there is. */
const lockOne: Statement = { name: "cell-lock", text: "SELECT id::float8 FROM cells WHERE name = $1 FOR UPDATE" };

const dropAll: readonly Statement[] = [
  { name: "cell-drop-log", text: "DELETE FROM log WHERE cell = ANY($1::bigint[])" },
  { name: "cell-drop-summaries", text: "DELETE FROM summaries WHERE cell = ANY($1::bigint[])" },
  { name: "cell-drop-snapshot", text: "DELETE FROM snapshots WHERE cell = ANY($1::bigint[])" },
  { name: "cell-drop-inbox", text: "DELETE FROM inbox WHERE cell = ANY($1::bigint[])" },
  { name: "cell-drop-runs", text: "DELETE FROM runs WHERE cell = ANY($1::bigint[])" },
  { name: "cell-drop", text: "DELETE FROM cells WHERE id = ANY($1::bigint[])" },
];

/** Drops everything that cells have, inside a transaction that holds their rows. */
export async function dropCells(run: RunStatement, ids: readonly number[]): Promise<void> {
  for (const statement of dropAll) await run(statement, [ids]);
}

/** Lists and prunes cells; claims and group commit write them. */
export class CellRows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The cells that hold anything, oldest first. */
  async list(cell: string | undefined): Promise<readonly CellRow[]> {
    const { leaseMs } = this.#database.settings;
    const { rows } =
      cell === undefined
        ? await this.#database.query<ListedCell>(listAll, [leaseMs])
        : await this.#database.query<ListedCell>(listOne, [leaseMs, toStoredName(cell).name]);
    return rows.map((row) => ({
      ...row,
      cell: fromStoredText(row.cell),
      owner: row.owner === null ? undefined : fromStoredText(row.owner),
    }));
  }

  /** Drops records before a position. Rows that others after it need stay, hidden. */
  async pruneBefore(cell: string, before: number): Promise<void> {
    await this.#database.query(pruneBefore, [toStoredName(cell).name, before]);
  }

  /** Drops everything that a cell has. */
  async drop(cell: string): Promise<void> {
    await this.#database.transaction(async (run) => {
      const [row] = await run<{ id: number }>(lockOne, [toStoredName(cell).name]);
      if (row !== undefined) await dropCells(run, [row.id]);
    });
  }
}
