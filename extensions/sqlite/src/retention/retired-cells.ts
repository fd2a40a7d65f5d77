import type { DatabaseSync, StatementSync } from "node:sqlite";
import { integerOf, type StoredRow, textOf } from "../connection/stored-value.ts";
import { fromStoredText, toStoredText } from "../rows/stored-text.ts";

/** A cell in which nothing is going on any more: its runs have all ended, nothing is unfinished, its inbox is empty. */
export interface RetiredCell {
  readonly name: string;
  /** Row id of the worker that holds it. */
  readonly owner: number | undefined;
  /** Where it stands in the order of endings: of its run that ended last. */
  readonly endedAt: number;
  readonly runRow: number;
}

/** Before all cells. */
export const beginning: Pick<RetiredCell, "endedAt" | "runRow"> = { endedAt: Number.MIN_SAFE_INTEGER, runRow: 0 };

const isRetired = `NOT EXISTS (SELECT 1 FROM run AS other WHERE other.cell = run.cell AND (other.status <> 'ended'
      OR other.updated > run.updated OR (other.updated = run.updated AND other.id > run.id)))
    AND cell.is_busy = 0 AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.cell = cell.id)`;

/** Finds what retention may drop. */
export class RetiredCells {
  readonly #page: StatementSync;
  readonly #one: StatementSync;
  readonly #nthNewest: StatementSync;

  constructor(database: DatabaseSync) {
    const select = "SELECT cell.name, cell.owner, run.updated, run.id FROM run JOIN cell ON cell.id = run.cell";
    this.#page = database.prepare(
      `${select} WHERE (run.updated, run.id) > (?, ?) AND run.updated <= ? AND ${isRetired} ORDER BY run.updated, run.id LIMIT ?`,
    );
    this.#one = database.prepare(`${select} WHERE cell.name = ? AND ${isRetired}`);
    this.#nthNewest = database.prepare("SELECT updated FROM run ORDER BY updated DESC LIMIT 1 OFFSET ?");
  }

  /** The cells that ended next after one and not after `until`, in the order in which they ended. */
  next(after: Pick<RetiredCell, "endedAt" | "runRow">, until: number, limit: number): readonly RetiredCell[] {
    return this.#page.all(after.endedAt, after.runRow, until, limit).map(toRetiredCell);
  }

  /** A cell again, if it still is one. */
  find(name: string): RetiredCell | undefined {
    const row = this.#one.get(toStoredText(name));
    return row === undefined ? undefined : toRetiredCell(row);
  }

  /** When the run changed last that `count - 1` others are newer than; undefined when there are not so many. */
  changedAtOfNewest(count: number): number | undefined {
    const row = this.#nthNewest.get(count - 1);
    return row === undefined ? undefined : integerOf(row, "updated");
  }
}

function toRetiredCell(row: StoredRow): RetiredCell {
  return {
    name: fromStoredText(textOf(row, "name")),
    owner: row["owner"] === null ? undefined : integerOf(row, "owner"),
    endedAt: integerOf(row, "updated"),
    runRow: integerOf(row, "id"),
  };
}
