import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { RunFilter, RunNote, RunRow, RunStatus } from "@troupe/core";
import { StoreError } from "@troupe/core";
import { integerOf, type StoredRow, textOf } from "../connection/stored-value.ts";
import { fromStoredText, toStoredText } from "./stored-text.ts";

const statuses: readonly RunStatus[] = ["running", "waiting", "paused", "ended"];

const defaultLimit = 1_000;

/** How the runs of all cells stand, for listings. */
export class RunRows {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #dropAll: StatementSync;
  /** By their conditions: preparing one costs more than running it. */
  readonly #lists = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#put = database.prepare(
      `INSERT INTO run (cell, run_id, status, ended, sequence, questions, started, updated) VALUES (?, ?, ?, ?, ?, ?, ?7, ?7)
      ON CONFLICT (cell, run_id) DO UPDATE SET status = ?3, ended = ?4, sequence = ?5, questions = ?6, updated = ?7`,
    );
    this.#dropAll = database.prepare("DELETE FROM run WHERE cell = ?");
  }

  /** Writes how runs stand now; a run that is new started `at`. */
  put({ cell, notes, at }: { readonly cell: number; readonly notes: readonly RunNote[]; readonly at: number }): void {
    for (const { runId, status, end, sequence, questions } of notes) {
      this.#put.run(
        cell,
        toStoredText(runId),
        status,
        end === undefined ? null : toStoredText(end),
        sequence,
        questions,
        at,
      );
    }
  }

  dropAll(cell: number): void {
    this.#dropAll.run(cell);
  }

  /** The runs that match, newest first. */
  list({ cell, runId, status, limit = defaultLimit }: RunFilter): readonly RunRow[] {
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    const where = (condition: string, ...bound: readonly SQLInputValue[]): void => {
      conditions.push(condition);
      values.push(...bound);
    };
    if (cell !== undefined) where("cell.name = ?", toStoredText(cell));
    if (runId !== undefined) where("run_id = ?", toStoredText(runId));
    if (status !== undefined) where(`status IN (${status.map(() => "?").join(", ")})`, ...status);
    const filter = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const sql = `SELECT cell.name, run_id, status, ended, sequence, questions, started, run.updated
      FROM run JOIN cell ON cell.id = run.cell ${filter} ORDER BY started DESC, run.id DESC LIMIT ?`;
    return this.#list(sql)
      .all(...values, limit)
      .map(toRunRow);
  }

  #list(sql: string): StatementSync {
    let statement = this.#lists.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#lists.set(sql, statement);
    }
    return statement;
  }
}

function toRunRow(row: StoredRow): RunRow {
  return {
    cell: fromStoredText(textOf(row, "name")),
    runId: fromStoredText(textOf(row, "run_id")),
    status: statusOf(row),
    ...(row["ended"] === null ? {} : { end: fromStoredText(textOf(row, "ended")) }),
    sequence: integerOf(row, "sequence"),
    questions: integerOf(row, "questions"),
    startedAt: integerOf(row, "started"),
    updatedAt: integerOf(row, "updated"),
  };
}

function statusOf(row: StoredRow): RunStatus {
  const found = statuses.find((status) => status === row["status"]);
  if (found !== undefined) return found;
  throw new StoreError("store.corrupted", "A run has an unknown status", { remedy: "Restore the file from a backup." });
}
