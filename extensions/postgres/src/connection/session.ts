/**
 * The one connection that stands for as long as the store works: it holds the locks that prove its workers alive, and listens.
 *
 * Owns: a client, opening it again when it breaks. Does not own: what is locked or heard.
 * Invariants:
 * S1. While somebody needs the session, a broken one is opened again, with growing pauses, until `close`.
 * S2. Statements run one after the other. One that has no answer in time ends the connection.
 * S3. `onOpen` has succeeded before any other statement runs: locks are held again, and nothing said since is missed.
 * S4. The session alone keeps no process alive; a statement on its way does.
 */
import { Client, type QueryResultRow } from "pg";
import { closedStore } from "../store-refusals.ts";
import { type Database, prepareSession, type RunStatement, type Statement } from "./database.ts";
import { faultKindOf } from "./to-store-error.ts";

const firstDelayMs = 50;
const maxDelayMs = 2_000;

/** What the session's user does with it. */
export interface SessionHooks {
  /** Runs on every new connection, before anything else. */
  readonly onOpen: (run: RunStatement) => Promise<void>;
  readonly onNotification: (payload: string) => void;
}

/** A connection that is opened when it is first needed and kept. */
export class Session {
  readonly #database: Database;
  readonly #hooks: SessionHooks;
  #client: Client | undefined;
  /** The end of the queue of statements. */
  #tail: Promise<unknown> = Promise.resolve();
  #reopening: ReturnType<typeof setTimeout> | undefined;
  #delayMs = firstDelayMs;
  #isClosed = false;

  constructor(database: Database, hooks: SessionHooks) {
    this.#database = database;
    this.#hooks = hooks;
  }

  /** Opens the session in the background, and keeps it open. */
  keep(): void {
    if (this.#client !== undefined || this.#isClosed || this.#reopening !== undefined) return;
    const nothing = async (): Promise<void> => {};
    this.#database.attempt(() => this.#inTurn(nothing)).catch(() => this.#reopenLater());
  }

  /** Runs a statement that may be done twice. @throws StoreError. */
  query<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.use((run) => run<Row>(statement, values));
  }

  /** Runs statements, none of another user between them, which may be done twice. @throws StoreError. */
  use<T>(work: (run: RunStatement) => Promise<T>): Promise<T> {
    return this.#database.retry(() => this.#inTurn(work));
  }

  /** Ends the connection; the locks go with it. Safe twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#reopening);
    this.#reopening = undefined;
    await this.#tail;
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await endClient(client);
  }

  #inTurn<T>(work: (run: RunStatement) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(async () => this.#on(this.#client ?? (await this.#open()), work));
    this.#tail = turn.catch(() => {});
    return turn;
  }

  async #open(): Promise<Client> {
    const { client: config, leaseMs } = this.#database.settings;
    // A dead connection must be noticed, and another one opened, before the lease ends.
    const client = new Client({ ...config, query_timeout: Math.min(config.query_timeout ?? leaseMs, leaseMs / 3) });
    client.on("error", () => this.#drop(client));
    client.on("end", () => this.#drop(client));
    client.on("notification", ({ payload }) => this.#hooks.onNotification(payload ?? ""));
    try {
      await client.connect();
      await prepareSession(client, this.#database.settings.schema);
      await this.#on(client, this.#hooks.onOpen);
    } catch (error) {
      destroyClient(client);
      throw error;
    }
    if (this.#isClosed) {
      destroyClient(client);
      throw closedStore();
    }
    this.#client = client;
    this.#delayMs = firstDelayMs;
    return client;
  }

  async #on<T>(client: Client, work: (run: RunStatement) => Promise<T>): Promise<T> {
    const run: RunStatement = async <Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]) => {
      const { rows } = await client.query<Row>({ ...statement, values: [...values] });
      return rows;
    };
    hold(client, true);
    try {
      return await work(run);
    } catch (error) {
      if (faultKindOf(error) === "lost") this.#drop(client);
      throw error;
    } finally {
      hold(client, false);
    }
  }

  /** Gives a client up; the next one takes its place. */
  #drop(client: Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    destroyClient(client);
    this.#reopenLater();
  }

  #reopenLater(): void {
    if (this.#isClosed || this.#reopening !== undefined) return;
    const pauseMs = this.#delayMs * (0.5 + Math.random() / 2);
    this.#delayMs = Math.min(this.#delayMs * 2, maxDelayMs);
    this.#reopening = setTimeout(() => {
      this.#reopening = undefined;
      this.keep();
    }, pauseMs);
    this.#reopening.unref();
  }
}

/** Ends a client without waiting for a server that may be gone. */
function destroyClient(client: Client): void {
  client.connection.stream.destroy();
}

/** Says goodbye; a server that does not answer is left after a second. */
async function endClient(client: Client): Promise<void> {
  const timer = setTimeout(() => destroyClient(client), 1_000);
  hold(client, true);
  try {
    await client.end();
  } catch {
    // It is gone, which is what was wanted.
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the process must stay alive for this connection. The driver has `ref` and `unref`; its types do not. */
function hold(client: Client, isNeeded: boolean): void {
  const method: unknown = Reflect.get(client, isNeeded ? "ref" : "unref");
  if (typeof method === "function") Reflect.apply(method, client, []);
}
