/**
 * Tells other processes that something was written, and hears it from them.
 *
 * Owns: the listeners, what is still to be said. Does not own: the session that listens.
 * Invariants:
 * N1. A listener hears of mail for the workers of its process, and of mail for cells that nobody holds, as soon as it is committed.
 * N2. It hears that anything was written by others within `writesMs` or so; heartbeats make up for what is lost with a connection.
 * N3. Announcing delays nobody, and its failures are nobody's: they are not awaited.
 *
 * Notifications travel in a statement of their own: a transaction that notifies takes a lock of the whole server while it commits.
 */
import type { Database, Statement } from "./database.ts";

const notify: Statement = {
  name: "announce",
  text: "SELECT pg_notify(current_schema() || ' changes', $1)",
};

/** Pause between two announcements of writes. */
const writesMs = 100;
/** A payload holds 8,000 bytes; with more workers than this everybody is meant. */
const maxNamed = 300;

interface Message {
  /** The store that says so: it has told its own listeners. */
  readonly from: string;
  /** Whose inboxes have got something. Absent: anything may have been written, or everybody is meant. */
  readonly workers?: readonly number[];
}

/** See the head of this file. */
export class Announcer {
  readonly #database: Database;
  readonly #isOwn: (worker: number) => boolean;
  readonly #self: string = crypto.randomUUID();
  readonly #listeners = new Set<() => void>();
  /** Workers with mail that is not announced yet; undefined stands for everybody. */
  #mail = new Set<number | undefined>();
  #sending: Promise<void> | undefined;
  #writes: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** @param isOwn whether a worker is of this process. */
  constructor(database: Database, isOwn: (worker: number) => boolean) {
    this.#database = database;
    this.#isOwn = isOwn;
  }

  /** Adds a listener and returns how to remove it. */
  add(listener: () => void): () => void {
    // A function of its own, so that one listener added twice is two.
    const call = (): void => listener();
    this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  }

  /** Calls all listeners of this process. */
  tell(): void {
    for (const listener of Array.from(this.#listeners)) listener();
  }

  /** Mail has arrived for the cells of workers; null stands for cells that nobody holds. */
  announceMail(workers: readonly (number | null)[]): void {
    this.tell();
    for (const worker of workers) if (worker === null || !this.#isOwn(worker)) this.#mail.add(worker ?? undefined);
    if (this.#mail.size > 0) this.#sending ??= this.#send();
  }

  /** Something was written. */
  announceWrite(): void {
    if (this.#writes !== undefined || this.#isClosed) return;
    this.#writes = setTimeout(() => {
      this.#writes = undefined;
      this.#mail.add(undefined);
      this.#sending ??= this.#send();
    }, writesMs);
    this.#writes.unref();
  }

  /** What another store has said. */
  hear(payload: string): void {
    const message = parseMessage(payload);
    if (message === undefined || message.from === this.#self) return;
    if (message.workers === undefined || message.workers.some(this.#isOwn)) this.tell();
  }

  /** Forgets the listeners and says nothing any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#writes);
    this.#listeners.clear();
    await this.#sending;
  }

  async #send(): Promise<void> {
    while (this.#mail.size > 0 && !this.#isClosed) {
      const workers = [...this.#mail];
      this.#mail = new Set();
      try {
        await this.#database.query(notify, [toPayload(this.#self, workers)]);
      } catch {
        // The server is away. Whoever missed this asks with its next heartbeat (N2).
      }
    }
    this.#sending = undefined;
  }
}

function toPayload(from: string, workers: readonly (number | undefined)[]): string {
  const named = workers.filter((worker) => worker !== undefined);
  const isForAll = named.length < workers.length || named.length > maxNamed;
  return JSON.stringify({ from, ...(!isForAll && { workers: named }) } satisfies Message);
}

/** Other programs may use the channel: what is not ours is ignored. */
function parseMessage(payload: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    if (typeof value !== "object" || value === null || !("from" in value) || typeof value.from !== "string")
      return undefined;
    const workers: unknown = "workers" in value ? value.workers : undefined;
    if (!Array.isArray(workers)) return { from: value.from };
    return { from: value.from, workers: workers.filter((worker) => typeof worker === "number") };
  } catch {
    return undefined;
  }
}
