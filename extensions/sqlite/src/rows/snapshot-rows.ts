import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { CellSnapshot } from "@troupe/core";
import { integerOf, type StoredRow, textOf } from "../connection/stored-value.ts";
import { type BlobRows, hashText, maxInlineLength } from "./blob-rows.ts";
import { parseStored } from "./parse-stored.ts";

/** Where blobs of a snapshot stand in `blob_use`, before all log rows. */
const blobStart = -1;

/** Begins a string that stands for a blob; a string that begins so by itself is written with two. */
const blobMark = "\u0001";

/** The newest snapshot of each cell. */
export class SnapshotRows {
  readonly #blobs: BlobRows;
  readonly #put: StatementSync;
  readonly #read: StatementSync;
  readonly #hasBlobs: StatementSync;
  readonly #drop: StatementSync;
  readonly #stale: StatementSync;

  constructor(database: DatabaseSync, blobs: BlobRows) {
    this.#blobs = blobs;
    this.#put = database.prepare("INSERT OR REPLACE INTO snapshot (cell, text, has_blobs, oldest) VALUES (?, ?, ?, ?)");
    this.#read = database.prepare("SELECT text, has_blobs FROM snapshot WHERE cell = ?");
    this.#hasBlobs = database.prepare("SELECT 1 FROM snapshot WHERE cell = ? AND has_blobs = 1");
    this.#drop = database.prepare("DELETE FROM snapshot WHERE cell = ?");
    this.#stale = database.prepare("SELECT cell FROM snapshot WHERE oldest <= ? AND cell > ? ORDER BY cell LIMIT ?");
  }

  /** Replaces a cell's snapshot; one that says nothing is removed. */
  put(cell: number, snapshot: CellSnapshot): void {
    this.#releaseBlobs(cell);
    if (saysNothing(snapshot)) {
      this.#drop.run(cell);
      return;
    }
    const text = JSON.stringify(snapshot);
    const blobs = new Map<string, string>();
    const stored = text.length <= maxInlineLength ? text : JSON.stringify(snapshot, extractInto(blobs));
    const hasBlobs = blobs.size > 0;
    this.#put.run(cell, hasBlobs ? stored : text, Number(hasBlobs), oldestOf(snapshot) ?? null);
    if (hasBlobs) this.#blobs.add(cell, blobStart, blobs);
  }

  /** @throws StoreError `store.corrupted`. */
  read(cell: number, name: string): CellSnapshot | undefined {
    const row = this.#read.get(cell);
    return row === undefined ? undefined : this.#parse(row, `The snapshot of cell "${name}"`);
  }

  drop(cell: number): void {
    this.#releaseBlobs(cell);
    this.#drop.run(cell);
  }

  /** Row ids of cells after `after` whose snapshot has something from before `until` that may have expired. */
  stale(until: number, after: number, limit: number): readonly number[] {
    return this.#stale.all(until, after, limit).map((row) => integerOf(row, "cell"));
  }

  #parse(row: StoredRow, what: string): CellSnapshot {
    const text = textOf(row, "text");
    if (integerOf(row, "has_blobs") === 0) return parseStored<CellSnapshot>(text, what);
    return parseStored<CellSnapshot>(text, what, (_key, value) => {
      if (typeof value !== "string" || !value.startsWith(blobMark)) return value;
      const rest = value.slice(blobMark.length);
      return rest.startsWith(blobMark) ? rest : this.#blobs.read(rest);
    });
  }

  #releaseBlobs(cell: number): void {
    if (this.#hasBlobs.get(cell) !== undefined) this.#blobs.release(cell, blobStart, blobStart + 1);
  }
}

function extractInto(blobs: Map<string, string>): (key: string, value: unknown) => unknown {
  return (_key, value) => {
    if (typeof value !== "string") return value;
    if (value.length <= maxInlineLength) return value.startsWith(blobMark) ? blobMark + value : value;
    const hash = hashText(value);
    blobs.set(hash, value);
    return blobMark + hash;
  };
}

function saysNothing({ agents, marks = {}, remembered = {}, sent = 0 }: CellSnapshot): boolean {
  return sent === 0 && [agents, marks, remembered].every((part) => Object.keys(part).length === 0);
}

/** When the oldest of what expires arrived. */
function oldestOf({ marks = {}, remembered = {} }: CellSnapshot): number | undefined {
  const times = [...Object.values(marks), ...Object.values(remembered)].map(({ at }) => at);
  return times.length === 0 ? undefined : times.reduce((oldest, at) => Math.min(oldest, at));
}
