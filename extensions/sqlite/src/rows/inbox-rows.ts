import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { CollectedEntry, InboxEntry } from "@troupe/core";
import { integerOf, textOf } from "../connection/stored-value.ts";
import { parseStored } from "./parse-stored.ts";
import { fromStoredText } from "./stored-text.ts";

/** What waits for the owners of cells, oldest first; ids grow in order of arrival and are never used again. */
export class InboxRows {
  readonly #insert: StatementSync;
  readonly #read: StatementSync;
  readonly #drop: StatementSync;
  readonly #dropAll: StatementSync;
  readonly #cellsWithMail: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare("INSERT INTO inbox (cell, text) VALUES (?, ?)");
    this.#read = database.prepare("SELECT id, text FROM inbox WHERE cell = ? ORDER BY id");
    this.#drop = database.prepare("DELETE FROM inbox WHERE cell = ? AND id <= ?");
    this.#dropAll = database.prepare("DELETE FROM inbox WHERE cell = ?");
    this.#cellsWithMail = database.prepare(
      "SELECT DISTINCT cell.id, cell.name FROM inbox CROSS JOIN cell ON cell.id = inbox.cell WHERE cell.owner = ? ORDER BY cell.id",
    );
  }

  add(cell: number, entries: readonly InboxEntry[]): void {
    for (const entry of entries) this.#insert.run(cell, JSON.stringify(entry));
  }

  read(cell: number): readonly CollectedEntry[] {
    return this.#read.all(cell).map((row) => {
      const id = integerOf(row, "id");
      return { id, entry: parseStored<InboxEntry>(textOf(row, "text"), `Inbox entry ${id}`) };
    });
  }

  /** Drops the entries up to an id. */
  drop(cell: number, upTo: number): void {
    this.#drop.run(cell, upTo);
  }

  dropAll(cell: number): void {
    this.#dropAll.run(cell);
  }

  /** Names of a worker's cells that have mail. */
  cellsWithMail(owner: number): readonly string[] {
    return this.#cellsWithMail.all(owner).map((row) => fromStoredText(textOf(row, "name")));
  }
}
