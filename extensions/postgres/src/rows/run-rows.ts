import type { RunFilter, RunRow, RunStatus } from "@troupe/core";
import type { Database, RunStatement, Statement } from "../connection/database.ts";
import { fromStoredText, toStoredName, toStoredText } from "./stored-text.ts";

interface StoredRun {
  readonly cell: string;
  readonly runId: string;
  readonly status: RunStatus;
  readonly ended: string | null;
  readonly sequence: number;
  readonly questions: number;
  readonly startedAt: number;
  readonly updatedAt: number;
}

const columns = `coalesce(c.long_name, c.name) AS cell, r.run_id AS "runId", r.status, r.ended, r.sequence::float8, r.questions,
  r.started_at::float8 AS "startedAt", r.updated_at::float8 AS "updatedAt"`;

const ofCells: Statement = {
  name: "runs-of-cells",
  text: `SELECT ${columns} FROM runs r JOIN cells c ON c.id = r.cell WHERE r.cell = ANY($1::bigint[]) ORDER BY r.started_at DESC, r.id DESC`,
};

/** The runs of some cells, newest first, inside a transaction. */
export async function runsOfCells(run: RunStatement, ids: readonly number[]): Promise<readonly RunRow[]> {
  return (await run<StoredRun>(ofCells, [ids])).map(toRunRow);
}

/** Lists runs; group commit writes them. */
export class RunRows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Newest first. */
  async list({ cell, runId, status, limit = 1_000 }: RunFilter): Promise<readonly RunRow[]> {
    const conditions: string[] = [];
    const values: unknown[] = [limit];
    const add = (condition: string, value: unknown): void => {
      values.push(value);
      conditions.push(`${condition}($${values.length})`);
    };
    if (cell !== undefined) add("c.name = ", toStoredName(cell).name);
    if (runId !== undefined) add("r.run_id = ", toStoredText(runId));
    if (status !== undefined) add("r.status = ANY", [...status]);
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const text = `SELECT ${columns} FROM runs r JOIN cells c ON c.id = r.cell ${where} ORDER BY r.started_at DESC, r.id DESC LIMIT $1`;
    const { rows } = await this.#database.query<StoredRun>({ name: "", text }, values);
    return rows.map(toRunRow);
  }
}

function toRunRow({ cell, runId, ended, ...rest }: StoredRun): RunRow {
  return {
    ...rest,
    cell: fromStoredText(cell),
    runId: fromStoredText(runId),
    ...(ended !== null && { end: fromStoredText(ended) }),
  };
}
