import { DatabaseSync } from "node:sqlite";
import { migrateSchema } from "./schema.ts";

/** How a commit reaches the disk: `full` survives power loss, `normal` only the death of the process. */
export type SyncLevel = "full" | "normal";

/**
 * Opens the file, or creates it, with everything set that the store relies on. Never waits for a lock: a busy file throws at once, and
 * opening again later is safe.
 *
 * @throws StoreError `store.newer_schema`, `store.corrupted`; what SQLite throws.
 */
export function openDatabase(path: string, sync: SyncLevel): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    // Before the first table, or it has no effect: pages of what was pruned can be given back to the disk.
    database.exec("PRAGMA busy_timeout = 0; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
    database.exec(`PRAGMA synchronous = ${sync === "full" ? "FULL" : "NORMAL"}`);
    database.exec("PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 16777216; PRAGMA temp_store = MEMORY");
    migrateSchema(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
