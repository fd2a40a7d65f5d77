import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SqliteStore, sqliteStore, type SqliteStoreOptions } from "@troupe/sqlite";

/** A database file in a folder of its own. */
export interface TemporaryFile {
  readonly path: string;
  /** Bytes of the file; everything is in it after it was closed. */
  readonly size: () => number;
  readonly remove: () => void;
}

/** A store in a file of its own. */
export interface TemporaryStore {
  readonly store: SqliteStore;
  /** The same file again, after `store` was closed. */
  readonly reopen: () => SqliteStore;
  readonly path: string;
  /** Bytes of the file; everything is in it after `store` was closed. */
  readonly size: () => number;
  readonly remove: () => Promise<void>;
}

/** A place for a database that others open. */
export function temporaryFile(): TemporaryFile {
  const folder = mkdtempSync(join(tmpdir(), "troupe-bench-"));
  const path = join(folder, "bench.db");
  return { path, size: () => statSync(path).size, remove: () => rmSync(folder, { recursive: true }) };
}

export function openTemporaryStore(options: SqliteStoreOptions = {}): TemporaryStore {
  const file = temporaryFile();
  const store = sqliteStore(file.path, options);
  return {
    store,
    reopen: () => sqliteStore(file.path, options),
    path: file.path,
    size: file.size,
    remove: async () => {
      await store.close();
      file.remove();
    },
  };
}
