import type { DatabaseSync, StatementSync } from "node:sqlite";
import { integerOf } from "../connection/stored-value.ts";

/** How much room the file takes, and how to make it smaller. */
export class FileSpace {
  readonly #database: DatabaseSync;
  readonly #pageSize: StatementSync;
  readonly #pages: StatementSync;
  readonly #freePages: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#pageSize = database.prepare("PRAGMA page_size");
    this.#pages = database.prepare("PRAGMA page_count");
    this.#freePages = database.prepare("PRAGMA freelist_count");
  }

  /** Bytes of the file. */
  size(): number {
    return read(this.#pages, "page_count") * read(this.#pageSize, "page_size");
  }

  /** Bytes of the file that hold anything. */
  usedBytes(): number {
    return this.size() - this.freePages() * read(this.#pageSize, "page_size");
  }

  freePages(): number {
    return read(this.#freePages, "freelist_count");
  }

  /** Gives up to so many pages back to the disk; must run inside a transaction. Returns how many are left to give. */
  vacuum(pages: number): number {
    this.#database.exec(`PRAGMA incremental_vacuum(${pages})`);
    return this.freePages();
  }
}

function read(statement: StatementSync, column: string): number {
  return integerOf(statement.get() ?? {}, column);
}
