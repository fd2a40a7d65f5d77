import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type AppendNotes, type Fence, LogEncoder, MemoryStore, type StoreRecord } from "@troupe/core";
import { type TemporaryFile, temporaryFile } from "./temporary-store.ts";

/**
 * A store in memory that also commits to a file what a durable one would: the bytes of each append, one row, `synchronous = NORMAL`, and
 * nothing else. No store that commits before it acknowledges can cost less.
 */
export class BareStore extends MemoryStore {
  readonly #file: TemporaryFile = temporaryFile();
  readonly #database = new DatabaseSync(this.#file.path);
  readonly #encoders = new Map<string, LogEncoder>();
  readonly #begin: StatementSync;
  readonly #insert: StatementSync;
  readonly #commit: StatementSync;

  constructor() {
    super({ isDurable: true });
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    this.#database.exec("CREATE TABLE log (id INTEGER PRIMARY KEY, start INTEGER NOT NULL, text TEXT NOT NULL)");
    this.#begin = this.#database.prepare("BEGIN IMMEDIATE");
    this.#insert = this.#database.prepare("INSERT INTO log (start, text) VALUES (?, ?)");
    this.#commit = this.#database.prepare("COMMIT");
  }

  // oxlint-disable-next-line max-params -- the port's signature
  override append(cell: string, fence: Fence, records: readonly StoreRecord[], notes?: AppendNotes): number {
    let encoder = this.#encoders.get(cell);
    if (encoder === undefined) {
      encoder = new LogEncoder();
      this.#encoders.set(cell, encoder);
    }
    const { text } = encoder.encode(records);
    this.#begin.run();
    this.#insert.run(fence.position, text);
    this.#commit.run();
    return super.append(cell, fence, records, notes);
  }

  remove(): void {
    this.#database.close();
    this.#file.remove();
  }
}
