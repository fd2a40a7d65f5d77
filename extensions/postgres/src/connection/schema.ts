import { StoreError } from "@troupe/core";
import type { RunStatement, Statement } from "./database.ts";

/**
 * One step per schema version, oldest first. A step that has shipped never changes: a change of the schema is a new step.
 *
 * The row of a cell changes with every append, and none of its indexed columns do: such updates stay on their page (HOT), for which pages
 * are left half empty. https://www.postgresql.org/docs/current/storage-hot.html
 */
const migrations: readonly string[] = [
  `
  CREATE SEQUENCE epochs;
  CREATE TABLE workers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner text NOT NULL,
    lock bigint NOT NULL,
    server_started timestamptz NOT NULL,
    beat timestamptz NOT NULL,
    is_dead boolean NOT NULL DEFAULT false
  );
  CREATE TABLE cells (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    long_name text,
    epoch bigint NOT NULL DEFAULT 0,
    worker bigint,
    worker_before bigint,
    position bigint NOT NULL DEFAULT 0,
    pruned bigint NOT NULL DEFAULT 0,
    is_busy boolean NOT NULL DEFAULT false,
    updated_at bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 50);
  CREATE INDEX cells_worker ON cells (worker) WHERE worker IS NOT NULL;
  CREATE TABLE log (
    cell bigint NOT NULL,
    start bigint NOT NULL,
    count integer NOT NULL,
    starts_segment boolean NOT NULL,
    blobs text,
    body text NOT NULL,
    PRIMARY KEY (cell, start)
  );
  CREATE INDEX log_blobs ON log (cell) WHERE blobs IS NOT NULL;
  CREATE TABLE blobs (hash text PRIMARY KEY, used_at timestamptz NOT NULL, body text NOT NULL);
  CREATE TABLE snapshots (cell bigint PRIMARY KEY, body text NOT NULL);
  CREATE SEQUENCE inbox_ids;
  CREATE TABLE inbox (
    cell bigint NOT NULL,
    id bigint NOT NULL,
    delivery text NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (cell, id)
  );
  CREATE TABLE runs (
    id bigint GENERATED ALWAYS AS IDENTITY,
    cell bigint NOT NULL,
    run_id text NOT NULL,
    status text NOT NULL,
    ended text,
    sequence bigint NOT NULL,
    questions integer NOT NULL,
    started_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (cell, run_id)
  ) WITH (fillfactor = 50);
  CREATE INDEX runs_run_id ON runs (run_id);
  CREATE INDEX runs_started ON runs (started_at, id);
  `,
  // A segment from "start" on, without "until": written once for some two hundred rows of the log. Programs that know version 1 only
  // may go on meanwhile: what they write has no summaries, and what they drop leaves summaries that no log leads to.
  `
  CREATE TABLE summaries (
    cell bigint NOT NULL,
    start bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (cell, until)
  );
  `,
];

/** The version that this code writes. */
export const schemaVersion: number = migrations.length;

const unnamed = (text: string): Statement => ({ name: "", text });

/**
 * Brings the schema up to the version of this code, inside the transaction of `run`. Nobody else migrates meanwhile.
 *
 * @throws StoreError `store.newer_schema` when a newer version has written it.
 */
export async function migrateSchema(run: RunStatement, schema: string): Promise<void> {
  if ((await readVersion(run, schema)) === schemaVersion) return;
  await run(unnamed("SELECT pg_advisory_xact_lock(hashtextextended('troupe migration ' || $1, 0))"), [schema]);
  // Asked again: another process may have migrated while this one waited for the lock.
  const version = await readVersion(run, schema);
  if (version === schemaVersion) return;
  if (version === 0) {
    // Asked first: a role may use a schema that it could not have created.
    if (!(await isThere(run, hasSchema, schema))) await run(unnamed(`CREATE SCHEMA ${schema}`), []);
    await run(unnamed(`CREATE TABLE ${schema}.meta (version integer NOT NULL)`), []);
    await run(unnamed(`INSERT INTO ${schema}.meta VALUES (0)`), []);
  }
  for (const step of migrations.slice(version))
    for (const statement of step.split(";\n")) if (statement.trim() !== "") await run(unnamed(statement), []);
  await run(unnamed(`UPDATE ${schema}.meta SET version = ${schemaVersion}`), []);
}

async function readVersion(run: RunStatement, schema: string): Promise<number> {
  if (!(await isThere(run, hasMeta, schema))) return 0;
  const [row] = await run<{ version: number }>(unnamed(`SELECT version FROM ${schema}.meta`), []);
  const version = row?.version ?? 0;
  assertReadable(version, schema);
  return version;
}

/** @throws StoreError `store.newer_schema` for a version that this code does not know. */
export function assertReadable(version: number, schema: string): void {
  if (version <= schemaVersion) return;
  throw new StoreError(
    "store.newer_schema",
    `The schema "${schema}" has version ${version}; this version reads up to ${schemaVersion}`,
    {
      remedy: "Update @troupe/postgres in every program that uses this database.",
      details: { schema, version, supported: schemaVersion },
    },
  );
}

// The catalogue's tables and not `to_regclass`, which answers from a cache that does not notice what others did while we waited.
const hasSchema = "FROM pg_catalog.pg_namespace n WHERE n.nspname = $1";
const hasMeta = `FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
  WHERE n.nspname = $1 AND c.relname = 'meta'`;

async function isThere(run: RunStatement, condition: string, schema: string): Promise<boolean> {
  const [found] = await run<{ found: boolean }>(unnamed(`SELECT EXISTS (SELECT ${condition}) AS found`), [schema]);
  return found?.found === true;
}
