import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { CellSnapshot } from "@troupe/core";
import { textOf } from "../connection/stored-value.ts";
import { parseStored } from "./parse-stored.ts";

/** The newest snapshot of each cell. */
export class SnapshotRows {
  readonly #put: StatementSync;
  readonly #read: StatementSync;
  readonly #drop: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare("INSERT OR REPLACE INTO snapshot (cell, text) VALUES (?, ?)");
    this.#read = database.prepare("SELECT text FROM snapshot WHERE cell = ?");
    this.#drop = database.prepare("DELETE FROM snapshot WHERE cell = ?");
  }

  /** Replaces a cell's snapshot; one that says nothing is removed. */
  put(cell: number, snapshot: CellSnapshot): void {
    if (saysNothing(snapshot)) this.#drop.run(cell);
    else this.#put.run(cell, JSON.stringify(snapshot));
  }

  read(cell: number, name: string): CellSnapshot | undefined {
    const row = this.#read.get(cell);
    return row && parseStored<CellSnapshot>(textOf(row, "text"), `The snapshot of cell "${name}"`);
  }

  drop(cell: number): void {
    this.#drop.run(cell);
  }
}

function saysNothing({ agents, marks = {}, remembered = {}, sent = 0 }: CellSnapshot): boolean {
  return sent === 0 && [agents, marks, remembered].every((part) => Object.keys(part).length === 0);
}
