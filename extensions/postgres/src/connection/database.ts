/**
 * The connections on which statements run.
 *
 * Owns: the pool, the settings of every session, trying again. Does not own: what the statements say, the worker session.
 * Invariants:
 * D1. Nothing connects before the first statement, and the first statement finds the schema of this version. When a newer program has
 *     migrated it meanwhile, nothing more is written once a heartbeat has seen it.
 * D2. Every statement has a deadline, on the server and here.
 * D3. A connection whose answer is missing is never used again.
 * D4. What may be done twice is tried again while the server is away, up to `retryMs`; everything given here must be such.
 * D5. An idle database keeps no process alive.
 */
import { StoreError } from "@troupe/core";
import { type ClientBase, Pool, type QueryResultRow } from "pg";
import { closedStore } from "../store-refusals.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { retry } from "./retry.ts";
import { assertReadable, migrateSchema } from "./schema.ts";

/** A statement that each connection prepares once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** What came of a statement. */
export interface Outcome<Row> {
  readonly rows: readonly Row[];
  /** True when an attempt before this one may have been executed: its answer was lost. */
  readonly isRepeated: boolean;
}

/** Runs one statement of a transaction. The row type is what the statement's own text says. */
export type RunStatement = <Row extends QueryResultRow>(
  statement: Statement,
  values: readonly unknown[],
) => Promise<readonly Row[]>;

/** Statements that are on their way when the store closes have their own deadline; this is for goodbyes that nobody answers. */
const closeLimitMs = 15_000;

/**
 * Session settings. Plans: each statement is prepared once and looks up single rows through an index, also while the tables are small and
 * without statistics; a plan made on an empty table must not be one that reads it whole. Keep-alive: a host that is gone
 * must not hold connections for the two hours that are the rule.
 */
const sessionText = `SELECT
  set_config('search_path', $1, false),
  set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
    ELSE current_setting('synchronous_commit') END, false),
  set_config('plan_cache_mode', 'force_generic_plan', false),
  set_config('enable_seqscan', 'off', false),
  set_config('enable_hashjoin', 'off', false),
  set_config('enable_mergejoin', 'off', false),
  set_config('random_page_cost', '1.1', false),
  set_config('jit', 'off', false),
  set_config('default_transaction_isolation', 'read committed', false),
  set_config('tcp_keepalives_idle', '30', false),
  set_config('tcp_keepalives_interval', '10', false),
  set_config('tcp_keepalives_count', '3', false),
  current_setting('server_encoding') AS encoding`;

/** Sets up a new session: what every connection of the store, pooled or not, is given first. */
export async function prepareSession(client: ClientBase, schema: string): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>(sessionText, [schema]);
  const encoding = rows[0]?.encoding;
  if (encoding === "UTF8") return;
  throw new StoreError("store.unavailable", `The database has the encoding ${encoding}, which cannot keep every text`, {
    remedy: "Create the database with ENCODING 'UTF8'.",
  });
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}

/** The pool's hook: `done` with an error gives the connection up. */
async function verifySession(client: ClientBase, schema: string, done: (error?: Error) => void): Promise<void> {
  try {
    await prepareSession(client, schema);
    done();
  } catch (error) {
    done(toError(error));
  }
}

/** The store's database, as its parts see it. */
export class Database {
  readonly settings: ConnectionSettings;
  readonly #pool: Pool;
  #ready: Promise<void> | undefined;
  #isEnding = false;
  /** What a newer program has made of the schema, when it has. */
  #outdated: Error | undefined;
  #isClosed = false;

  constructor(settings: ConnectionSettings) {
    this.settings = settings;
    this.#pool = new Pool({
      ...settings.client,
      max: settings.maxConnections,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
      verify: (client, done) => void verifySession(client, settings.schema, done),
    });
    // An idle connection that breaks is dropped by the pool; the next statement opens another one.
    this.#pool.on("error", () => {});
  }

  /** Runs a statement that may be done twice. @throws StoreError. */
  query<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Outcome<Row>> {
    return this.retry(async (isRepeated) => {
      const { rows } = await this.#pool.query<Row>({ ...statement, values: [...values] });
      return { rows, isRepeated };
    });
  }

  /** Runs statements in one transaction that may be done twice. @throws StoreError. */
  transaction<T>(work: (run: RunStatement) => Promise<T>): Promise<T> {
    return this.retry(() => this.#transact(work));
  }

  /** Tries something that may be done twice, on a database whose schema is that of this version. @throws StoreError. */
  async retry<T>(attempt: (isRepeated: boolean) => Promise<T>): Promise<T> {
    const { retryMs, redact } = this.settings;
    const work = (isRepeated: boolean): Promise<T> => this.attempt(() => attempt(isRepeated));
    return retry(work, { limitMs: retryMs, isOver: () => this.#isEnding, redact });
  }

  /** Tries something once. @throws What the driver or the server says. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw closedStore();
    if (this.#outdated !== undefined) throw this.#outdated;
    await this.#migrated();
    return work();
  }

  /** The schema has this version now. @throws StoreError `store.newer_schema`, now and for every later statement. */
  noteVersion(version: number): void {
    try {
      assertReadable(version, this.settings.schema);
    } catch (error) {
      this.#outdated = toError(error);
      throw error;
    }
  }

  /** From now on what fails has failed: a store that closes does not wait for a server to come back. */
  stopRetrying(): void {
    this.#isEnding = true;
  }

  /** Refuses new statements, lets those on their way end and closes the connections, without waiting for a server that is gone. */
  async close(): Promise<void> {
    this.#isEnding = true;
    this.#isClosed = true;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, closeLimitMs);
    await Promise.race([this.#pool.end(), late]);
    clearTimeout(timer);
  }

  #migrated(): Promise<void> {
    this.#ready ??= this.#transact((run) => migrateSchema(run, this.settings.schema)).catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #transact<T>(work: (run: RunStatement) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken: Error | undefined = new Error("The transaction did not end");
    const ignore = (): void => {};
    client.on("error", ignore);
    try {
      const run: RunStatement = async <Row extends QueryResultRow>(
        statement: Statement,
        values: readonly unknown[],
      ) => {
        const { rows } = await client.query<Row>({ ...statement, values: [...values] });
        return rows;
      };
      await client.query("BEGIN");
      const result = await work(run);
      await client.query("COMMIT");
      broken = undefined;
      return result;
    } finally {
      client.removeListener("error", ignore);
      // A connection inside a transaction is not worth saving: closing it rolls back.
      client.release(broken);
    }
  }
}
