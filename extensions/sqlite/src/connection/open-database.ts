import { DatabaseSync } from "node:sqlite";
import { migrateSchema } from "./schema.ts";
import { integerOf } from "./stored-value.ts";

/** How to open a file. */
export interface OpenOptions {
  readonly path: string;
  /** How a commit reaches the disk: `full` survives power loss, `normal` only the death of the process. */
  readonly sync: "full" | "normal";
  /** The file does not grow beyond; undefined for as far as the disk goes. */
  readonly maxFileBytes: number | undefined;
}

/** Log beyond this is given back to the disk when it has been copied into the file. */
const keptLogBytes = 16_777_216;

const cacheKibibytes = 16_384;

/**
 * Opens the file, or creates it, with everything set that the store relies on. Never waits for a lock: a busy file throws at once, and
 * opening again later is safe. A file that has the current schema is not written.
 *
 * @throws StoreError `store.newer_schema`, `store.corrupted`; what SQLite throws.
 */
export function openDatabase({ path, sync, maxFileBytes }: OpenOptions): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = 0; PRAGMA synchronous = ${sync === "full" ? "FULL" : "NORMAL"}`);
    database.exec(`PRAGMA cache_size = -${cacheKibibytes}; PRAGMA journal_size_limit = ${keptLogBytes}`);
    migrateSchema(database, path);
    if (maxFileBytes !== undefined) limitSize(database, maxFileBytes);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function limitSize(database: DatabaseSync, maxFileBytes: number): void {
  const pageSize = integerOf(database.prepare("PRAGMA page_size").get() ?? {}, "page_size");
  database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxFileBytes / pageSize))}`);
}
