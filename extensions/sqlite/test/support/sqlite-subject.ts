import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { ContractSubject, StoreEnvironment } from "@troupe/core/testing";
import { sqliteStore } from "@troupe/sqlite";
import { temporaryFile, type TemporaryFile } from "./temporary-file.ts";

/** Runs one statement on the file, as another process would. */
export function executeOn(path: string, sql: string, ...values: readonly (string | number)[]): void {
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA busy_timeout = 5000");
    database.prepare(sql).run(...values);
  } finally {
    database.close();
  }
}

/** The SQLite store under the store contract, each case in a file of its own. */
export function sqliteSubject(): ContractSubject<StoreEnvironment> {
  const files = new WeakMap<StoreEnvironment, TemporaryFile>();
  return {
    create: () => {
      const file = temporaryFile();
      const environment: StoreEnvironment = {
        store: sqliteStore(file.path),
        open: () => sqliteStore(file.path),
        expire: (owner) => executeOn(file.path, "UPDATE worker SET beat = beat - 60000 WHERE name = ?", owner),
        storedBytes: () => {
          executeOn(file.path, "PRAGMA wal_checkpoint(TRUNCATE)");
          return statSync(file.path).size;
        },
      };
      files.set(environment, file);
      return environment;
    },
    dispose: async (environment) => {
      await environment.store.close();
      files.get(environment)?.remove();
    },
  };
}
