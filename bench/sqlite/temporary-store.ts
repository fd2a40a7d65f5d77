import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SqliteStore, sqliteStore, type SqliteStoreOptions } from "@troupe/sqlite";

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

export function openTemporaryStore(options: SqliteStoreOptions = {}): TemporaryStore {
  const folder = mkdtempSync(join(tmpdir(), "troupe-bench-"));
  const path = join(folder, "bench.db");
  const store = sqliteStore(path, options);
  return {
    store,
    reopen: () => sqliteStore(path, options),
    path,
    size: () => statSync(path).size,
    remove: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}
