import { createHash } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { StoreError } from "@troupe/core";
import { integerOf, textOf } from "../connection/stored-value.ts";
import { fromStoredText, toStoredText } from "./stored-text.ts";

/** Strings longer than this are kept apart (C23). */
export const maxInlineLength = 262_144;

/** Large strings, each stored once, with who uses them: a log row by its start, or a snapshot by -1 (C23). */
export class BlobRows {
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #read: StatementSync;
  readonly #use: StatementSync;
  readonly #used: StatementSync;
  readonly #unuse: StatementSync;
  readonly #drop: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare("INSERT INTO blob (hash, text) VALUES (?, ?) ON CONFLICT DO NOTHING");
    this.#find = database.prepare("SELECT id FROM blob WHERE hash = ?");
    this.#read = database.prepare("SELECT text FROM blob WHERE hash = ?");
    this.#use = database.prepare("INSERT INTO blob_use (cell, start, blob) VALUES (?, ?, ?)");
    this.#used = database.prepare("SELECT DISTINCT blob FROM blob_use WHERE cell = ? AND start >= ? AND start < ?");
    this.#unuse = database.prepare("DELETE FROM blob_use WHERE cell = ? AND start >= ? AND start < ?");
    this.#drop = database.prepare(
      "DELETE FROM blob WHERE id = ? AND NOT EXISTS (SELECT 1 FROM blob_use WHERE blob = blob.id)",
    );
  }

  /** Stores what a row at `start` refers to. */
  add(cell: number, start: number, blobs: ReadonlyMap<string, string>): void {
    for (const [hash, text] of blobs) {
      this.#insert.run(hash, toStoredText(text));
      this.#use.run(cell, start, integerOf(this.#find.get(hash) ?? {}, "id"));
    }
  }

  /** The string with this hash. @throws StoreError `store.corrupted` when it is missing. */
  read(hash: string): string {
    const row = this.#read.get(hash);
    if (row !== undefined) return fromStoredText(textOf(row, "text"));
    throw new StoreError("store.corrupted", `The large string "${hash}" is missing`, {
      remedy: "Restore the file from a backup, or prune the cell.",
    });
  }

  /** Takes back the uses of rows that go, from `from` to before `before`, and drops what nobody uses any more. */
  release(cell: number, from: number, before: number): void {
    const used = this.#used.all(cell, from, before);
    if (used.length === 0) return;
    this.#unuse.run(cell, from, before);
    for (const row of used) this.#drop.run(integerOf(row, "blob"));
  }
}

/** The key of a large string. */
export function hashText(text: string): string {
  // UTF-16, because lone surrogates have no UTF-8.
  return createHash("sha256").update(Buffer.from(text, "utf16le")).digest("hex");
}
