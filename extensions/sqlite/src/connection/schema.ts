import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "@troupe/core";
import { integerOf } from "./stored-value.ts";

/** "TRPE": tells our files from other SQLite databases, https://www.sqlite.org/pragma.html#pragma_application_id */
const applicationId = 0x54525045;

/**
 * One step per schema version, oldest first. A step that has shipped never changes: a change of the schema is a new step.
 *
 * Log rows form a chain (`previous`) instead of having an index by position: an append then writes at the end of one table and touches no
 * index page per cell, which halves its cost. Only rows that start a segment are indexed, for reading from the middle.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL);
  INSERT INTO state VALUES (1, 0);
  CREATE TABLE worker (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started TEXT NOT NULL,
    beat INTEGER NOT NULL,
    is_dead INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE cell (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    epoch INTEGER NOT NULL,
    owner INTEGER,
    position INTEGER NOT NULL DEFAULT 0,
    pruned INTEGER NOT NULL DEFAULT 0,
    tail INTEGER,
    is_busy INTEGER NOT NULL DEFAULT 0,
    updated INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX cell_owner ON cell (owner) WHERE owner IS NOT NULL;
  CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    cell INTEGER NOT NULL,
    start INTEGER NOT NULL,
    count INTEGER NOT NULL,
    is_segment INTEGER NOT NULL,
    previous INTEGER,
    text TEXT NOT NULL
  );
  CREATE UNIQUE INDEX log_segment ON log (cell, start) WHERE is_segment = 1;
  CREATE TABLE snapshot (cell INTEGER PRIMARY KEY, text TEXT NOT NULL, has_blobs INTEGER NOT NULL, oldest INTEGER);
  CREATE INDEX snapshot_oldest ON snapshot (oldest) WHERE oldest IS NOT NULL;
  CREATE TABLE inbox (id INTEGER PRIMARY KEY AUTOINCREMENT, cell INTEGER NOT NULL, text TEXT NOT NULL);
  CREATE INDEX inbox_cell ON inbox (cell);
  CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    cell INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    status TEXT NOT NULL,
    ended TEXT,
    sequence INTEGER NOT NULL,
    questions INTEGER NOT NULL,
    started INTEGER NOT NULL,
    updated INTEGER NOT NULL
  );
  CREATE UNIQUE INDEX run_key ON run (cell, run_id);
  CREATE INDEX run_id ON run (run_id);
  CREATE INDEX run_started ON run (started);
  CREATE INDEX run_updated ON run (updated);
  CREATE TABLE blob (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, text TEXT NOT NULL);
  CREATE TABLE blob_use (cell INTEGER NOT NULL, start INTEGER NOT NULL, blob INTEGER NOT NULL);
  CREATE INDEX blob_use_cell ON blob_use (cell, start);
  CREATE INDEX blob_use_blob ON blob_use (blob);
  `,
  // The tables stay; what changes is what a row means: that of a busy cell may be behind its log (`maxAhead`), which version 1 would not see.
  "",
  // By the id of the last row of the segment that it sums up: written once for some two hundred rows.
  "CREATE TABLE summary (log INTEGER PRIMARY KEY, text TEXT NOT NULL)",
];

/** Claims have epochs above 0. */
const fenceAll = "UPDATE cell SET epoch = 0";

/** The version that this code writes. */
export const schemaVersion: number = migrations.length;

/**
 * Brings the file's schema up to the version of this code, in one transaction. Writes nothing when it is. A migration takes every cell
 * from its owner, so that nobody appends any more who knows the older version only.
 *
 * @throws StoreError `store.newer_schema` when a newer version has written the file; `store.corrupted` when it is somebody else's database.
 */
export function migrateSchema(database: DatabaseSync, path: string): void {
  const version = readSchemaVersion(database, path);
  if (version === schemaVersion) return;
  // Before the first table, or it has no effect: pages of what was pruned can be given back to the disk.
  if (version === 0) database.exec("PRAGMA auto_vacuum = INCREMENTAL");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("BEGIN IMMEDIATE");
  try {
    // Asked again: another process may have migrated while this one waited for the lock.
    const steps = migrations.slice(readSchemaVersion(database, path));
    for (const step of steps) database.exec(step);
    if (steps.length > 0) database.exec(fenceAll);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** The version of the file's schema; 0 for an empty file. @throws as `migrateSchema`. */
export function readSchemaVersion(database: DatabaseSync, path: string): number {
  const version = pragma(database, "user_version");
  if (pragma(database, "application_id") === applicationId) {
    if (version <= schemaVersion) return version;
    throw new StoreError(
      "store.newer_schema",
      `"${path}" has schema ${version}; this version reads up to ${schemaVersion}`,
      {
        remedy: "Update @troupe/sqlite in every program that uses this file.",
        details: { path, version, supported: schemaVersion },
      },
    );
  }
  if (pragma(database, "schema_version") === 0) return 0;
  throw new StoreError("store.corrupted", `"${path}" is a SQLite database of another program`, {
    remedy: "Give the store a file of its own.",
    details: { path },
  });
}

function pragma(database: DatabaseSync, name: string): number {
  return integerOf(database.prepare(`PRAGMA ${name}`).get() ?? {}, name);
}
