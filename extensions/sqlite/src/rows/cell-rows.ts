import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type CellRow, type Fence, StoreError } from "@troupe/core";
import { integerOf, optionalIntegerOf, type StoredRow, textOf } from "../connection/stored-value.ts";
import { fromStoredText, toStoredText } from "./stored-text.ts";

/**
 * How far a log may run ahead of its cell's row: the rows that a busy cell's row does not know of have ids less than this above its `tail`.
 * So an append writes one page instead of two, and whoever needs the end of such a log looks at so many rows at most.
 */
export const maxAhead = 256;

/** A cell as the file has it. */
export interface StoredCell {
  readonly id: number;
  readonly name: string;
  readonly epoch: number;
  /** Row id of the worker that claimed it last and has not released it. */
  readonly owner: number | undefined;
  readonly position: number;
  /** Records before this position are gone, whether their rows are or not. */
  readonly pruned: number;
  /** The newest log row. */
  readonly tail: number | undefined;
  /** The newest log row that the cell's own row knows of. */
  readonly knownTail: number | undefined;
  /** As its row says: a row that knows a cell to be busy may be behind the log. */
  readonly isBusy: boolean;
}

/** A cell as a listing finds it; the owner is the worker's row id. */
export type ListedCell = Omit<CellRow, "owner"> & { readonly owner: number | undefined };

const holdsAnything =
  "(position > 0 OR EXISTS (SELECT 1 FROM inbox WHERE cell = cell.id) OR EXISTS (SELECT 1 FROM snapshot WHERE cell = cell.id))";

/** The newest row of a busy cell's log that the cell's row does not know of. */
const ahead = `FROM log WHERE log.id > cell.tail AND log.id < cell.tail + ${maxAhead} AND log.cell = cell.id AND cell.is_busy = 1
  ORDER BY log.id DESC LIMIT 1`;

const columns = `id, epoch, owner, position, pruned, tail, is_busy,
  (SELECT log.id ${ahead}) AS newest, (SELECT start + count ${ahead}) AS reached`;

/** No records, no snapshot, no mail, no run: nothing is lost with the row but the position, and epochs grow without it. */
const isBare = `tail IS NULL AND is_busy = 0 AND NOT EXISTS (SELECT 1 FROM snapshot WHERE cell = cell.id)
  AND NOT EXISTS (SELECT 1 FROM inbox WHERE cell = cell.id) AND NOT EXISTS (SELECT 1 FROM run WHERE cell = cell.id)`;

/** One row per cell: who owns it, and where its log ends. */
export class CellRows {
  readonly #find: StatementSync;
  readonly #findById: StatementSync;
  readonly #insert: StatementSync;
  readonly #nextEpoch: StatementSync;
  readonly #claim: StatementSync;
  readonly #release: StatementSync;
  readonly #lastId: StatementSync;
  readonly #bare: StatementSync;
  readonly #dropBare: StatementSync;
  readonly #dropBareOf: StatementSync;
  readonly #prune: StatementSync;
  readonly #delete: StatementSync;
  readonly #list: StatementSync;
  readonly #listOne: StatementSync;

  constructor(database: DatabaseSync) {
    const list = `SELECT name, is_busy, owner, updated,
      coalesce((SELECT start + count ${ahead}), position) AS position, EXISTS (SELECT 1 FROM inbox WHERE cell = cell.id) AS has_mail
      FROM cell WHERE ${holdsAnything}`;
    this.#find = database.prepare(`SELECT ${columns} FROM cell WHERE name = ?`);
    this.#findById = database.prepare(`SELECT name, ${columns} FROM cell WHERE id = ?`);
    this.#insert = database.prepare("INSERT INTO cell (name, epoch) VALUES (?, 0)");
    this.#nextEpoch = database.prepare("UPDATE state SET epoch = epoch + 1 RETURNING epoch");
    this.#claim = database.prepare("UPDATE cell SET epoch = ?, owner = ? WHERE id = ?");
    this.#release = database.prepare("UPDATE cell SET owner = NULL WHERE id = ?");
    this.#lastId = database.prepare("SELECT coalesce(max(id), 0) AS id FROM cell");
    this.#bare = database.prepare(`SELECT id FROM cell WHERE id >= ? AND id < ? AND ${isBare}`);
    this.#dropBare = database.prepare(`DELETE FROM cell WHERE id = ? AND ${isBare}`);
    this.#dropBareOf = database.prepare(`DELETE FROM cell WHERE owner = ? AND ${isBare}`);
    this.#prune = database.prepare("UPDATE cell SET pruned = ?, tail = ?, position = ? WHERE id = ?");
    this.#delete = database.prepare("DELETE FROM cell WHERE id = ?");
    this.#list = database.prepare(`${list} ORDER BY id`);
    this.#listOne = database.prepare(`${list} AND name = ?`);
  }

  find(name: string): StoredCell | undefined {
    const row = this.#find.get(toStoredText(name));
    return row === undefined ? undefined : toCell(name, row);
  }

  findById(id: number): StoredCell | undefined {
    const row = this.#findById.get(id);
    return row === undefined ? undefined : toCell(fromStoredText(textOf(row, "name")), row);
  }

  /** The cell's row; a new one when it has none. */
  ensure(name: string): StoredCell {
    const found = this.find(name);
    if (found !== undefined) return found;
    const id = Number(this.#insert.run(toStoredText(name)).lastInsertRowid);
    const log = { position: 0, pruned: 0, tail: undefined, knownTail: undefined, isBusy: false };
    return { id, name, epoch: 0, owner: undefined, ...log };
  }

  /** Gives the cell to a worker under a new epoch: one counter for all cells, so that none repeats, not even after a prune. */
  claim(id: number, owner: number): number {
    const epoch = integerOf(this.#nextEpoch.get() ?? {}, "epoch");
    this.#claim.run(epoch, owner, id);
    return epoch;
  }

  /** Takes the cell from its owner; its row goes when it holds nothing. */
  release(id: number): void {
    this.#release.run(id);
    this.dropBare(id);
  }

  lastId(): number {
    return integerOf(this.#lastId.get() ?? {}, "id");
  }

  /** Row ids, from one to before another, of cells that hold nothing. */
  bare(from: number, before: number): readonly number[] {
    return this.#bare.all(from, before).map((row) => integerOf(row, "id"));
  }

  /** Drops the row of a cell that holds nothing. */
  dropBare(id: number): void {
    this.#dropBare.run(id);
  }

  /** Drops the rows of a worker's cells that hold nothing; the others are free when the worker's row goes. */
  dropBareOf(owner: number): void {
    this.#dropBareOf.run(owner);
  }

  /** What is left of a log: the row knows all of it from now on. */
  setPruned({ id, position }: StoredCell, pruned: number, tail: number | undefined): void {
    this.#prune.run(pruned, tail ?? null, position, id);
  }

  delete(id: number): void {
    this.#delete.run(id);
  }

  /** The cells that hold anything, oldest first. */
  list(name: string | undefined): readonly ListedCell[] {
    const rows = name === undefined ? this.#list.all() : this.#listOne.all(toStoredText(name));
    return rows.map((row) => ({
      cell: fromStoredText(textOf(row, "name")),
      isBusy: integerOf(row, "is_busy") === 1,
      hasMail: integerOf(row, "has_mail") === 1,
      owner: optionalIntegerOf(row, "owner"),
      position: integerOf(row, "position"),
      updatedAt: integerOf(row, "updated"),
    }));
  }
}

/** The cell, when the fence still holds. @throws StoreError `store.fenced`. */
export function assertFence(name: string, cell: StoredCell | undefined, fence: Fence): StoredCell {
  if (cell !== undefined && cell.epoch === fence.epoch) return cell;
  throw new StoreError(
    "store.fenced",
    `Cell "${name}" was ${cell === undefined ? "pruned" : "claimed"} by another owner`,
    {
      remedy: "Stop writing: another owner goes on with this cell.",
      details: { cell: name, epoch: fence.epoch },
    },
  );
}

/** @throws StoreError `store.conflict` when the writer believes the log to end somewhere else. */
export function assertPosition(cell: StoredCell, fence: Fence): void {
  if (cell.position === fence.position) return;
  throw new StoreError("store.conflict", `Cell "${cell.name}" is at position ${cell.position}, not ${fence.position}`, {
    remedy: "Claim the cell again and read what was written in between.",
    details: { cell: cell.name, position: cell.position, expected: fence.position },
  });
}

function toCell(name: string, row: StoredRow): StoredCell {
  const knownTail = optionalIntegerOf(row, "tail");
  return {
    id: integerOf(row, "id"),
    name,
    epoch: integerOf(row, "epoch"),
    owner: optionalIntegerOf(row, "owner"),
    position: optionalIntegerOf(row, "reached") ?? integerOf(row, "position"),
    pruned: integerOf(row, "pruned"),
    tail: optionalIntegerOf(row, "newest") ?? knownTail,
    knownTail,
    isBusy: integerOf(row, "is_busy") === 1,
  };
}
