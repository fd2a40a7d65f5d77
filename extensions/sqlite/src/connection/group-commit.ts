/**
 * The one writer of a connection: what is asked for in one tick becomes one transaction, and is acknowledged when that is on disk.
 *
 * Owns: the queue of writes, the transaction, waiting for a locked file.
 * Does not own: what a write does; opening the file.
 * Invariants:
 * G1. A write is acknowledged only after the COMMIT that holds it has returned.
 * G2. A write that refuses (`store.fenced`, `store.owned`, `store.conflict`: thrown before it has changed anything) fails alone.
 * G3. A write that breaks off is rolled back and fails alone; the others of its transaction are run again without it. When the file or the
 *     disk is to blame, all of them fail.
 * G4. Nothing waits inside SQLite: a locked file is tried again later, up to a bound, and the event loop runs meanwhile.
 * G5. While other processes write too, a pause follows each transaction in which they get their turn.
 * G6. While a single cell is appended to, its appends do not wait for company; between two of them the event loop turns all the same.
 */
import { type Clock, createSystemRandom, type RandomSource, type TimerHandle, TroupeError } from "@troupe/core";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { integerOf } from "./stored-value.ts";
import { isBusy, isSystemic, toStoreError } from "./to-store-error.ts";

/** What the queue needs. */
export interface GroupCommitOptions {
  readonly path: string;
  readonly clock: Clock;
  /** How long a write may wait for a locked file. */
  readonly lockedMs: number;
  /** Opens the file when it is not open yet. */
  readonly open: () => DatabaseSync;
  /**
   * Called inside a transaction when another connection has committed since the one before, at the latest before the first write that is
   * no append; throws when nothing must be written any more.
   */
  readonly onOthers: (database: DatabaseSync) => void;
  /** Called after a rollback: what was remembered about the file may not be true. */
  readonly onRollback: () => void;
}

interface Write {
  readonly run: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  readonly since: number;
  readonly isAppend: boolean;
}

/** Why a write failed; undefined when it did not. */
type Outcome = { readonly error: unknown } | undefined;

interface Statements {
  readonly database: DatabaseSync;
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly dataVersion: StatementSync;
}

/** Codes of errors that a write throws only before it has changed anything. */
const refusals: ReadonlySet<string> = new Set(["store.fenced", "store.owned", "store.conflict"]);

/** Writes of one transaction: bounds how long the event loop stands still. */
const maxBatch = 512;

/** Pause after a transaction while others write too. */
const yieldMs = 1;

/** Others count as writing for so long after their last commit was seen. */
const contendedMs = 250;

/** Transactions of appends look for commits of others only so often: asking costs a tenth of a commit. */
const lookMs = 1;

/** A cell counts as the only one when nothing else was asked for during the last so many milliseconds. */
const aloneMs = 2;

/** See the head of this file. */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #random: RandomSource = createSystemRandom();
  #queue: Write[] = [];
  #statements: Statements | undefined;
  #isScheduled = false;
  #timer: TimerHandle | undefined;
  #busyTries = 0;
  #seenVersion: number | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #lastCell: string | undefined;
  /** When something else was asked for than an append to the cell before. */
  #changedAt = Number.NEGATIVE_INFINITY;
  /** False from a transaction that did not wait until the event loop has turned. */
  #hasTurned = true;
  #contendedUntil = 0;
  #endedAt = 0;
  #idle: (() => void) | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /**
   * Runs `write` inside the next transaction; more than once when that must be run again.
   *
   * @param cell whose log `write` appends to, if it does nothing else. An append refuses by itself after another connection has taken the
   * cell, or has migrated the file, which takes all of them.
   */
  add<T>(write: () => T, cell?: string): Promise<T> {
    const since = this.#options.clock.monotonic();
    if (cell === undefined || cell !== this.#lastCell) this.#changedAt = since;
    this.#lastCell = cell;
    return new Promise<T>((resolve, reject) => {
      let result: T;
      const run = (): void => {
        result = write();
      };
      this.#queue.push({ run, resolve: () => resolve(result), reject, since, isAppend: cell !== undefined });
      this.#schedule(since - this.#changedAt > aloneMs);
    });
  }

  /** Resolves when everything asked for has ended. */
  drain(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  #schedule(isAlone = false): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const delayMs = this.#delayMs();
    if (delayMs <= 0 && isAlone && this.#hasTurned) this.#flushSoon();
    else if (delayMs <= 0) setImmediate(() => this.#flush());
    else {
      this.#timer = this.#options.clock.setTimer(delayMs, () => this.#flush());
      this.#timer.keepAlive?.(true);
    }
  }

  /** G6 */
  #flushSoon(): void {
    this.#hasTurned = false;
    setImmediate(() => {
      this.#hasTurned = true;
    });
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    const isAll = this.#queue.length <= maxBatch;
    const batch = isAll ? this.#queue : this.#queue.slice(0, maxBatch);
    try {
      const outcomes = this.#commit(batch);
      this.#busyTries = 0;
      this.#endedAt = this.#options.clock.monotonic();
      this.#queue = isAll ? [] : this.#queue.slice(maxBatch);
      settle(batch, outcomes);
    } catch (error) {
      if (isBusy(error)) this.#giveUpOld(error);
      else this.#failAll(batch, error);
    }
    if (this.#queue.length > 0) this.#schedule();
    else this.#finish();
  }

  #finish(): void {
    this.#idle?.();
    this.#idle = undefined;
  }

  /** One transaction; again without those that broke off (G3). */
  #commit(batch: readonly Write[]): readonly Outcome[] {
    const statements = this.#open();
    let broken: Map<Write, Outcome> | undefined;
    for (;;) {
      statements.begin.run();
      try {
        if (this.#mustLook(batch)) this.#checkOthers(statements);
        const outcomes: Outcome[] = [];
        for (const write of batch) outcomes.push(broken?.get(write) ?? runWrite(write));
        statements.commit.run();
        return outcomes;
      } catch (failure) {
        if (statements.database.isTransaction) statements.database.exec("ROLLBACK");
        this.#options.onRollback();
        if (!(failure instanceof BrokenWrite)) throw failure;
        broken ??= new Map();
        broken.set(failure.write, { error: toStoreError(failure.cause, this.#options.path) });
      }
    }
  }

  #open(): Statements {
    const database = this.#options.open();
    if (this.#statements?.database === database) return this.#statements;
    this.#statements = {
      database,
      begin: database.prepare("BEGIN IMMEDIATE"),
      commit: database.prepare("COMMIT"),
      dataVersion: database.prepare("PRAGMA data_version"),
    };
    return this.#statements;
  }

  #mustLook(batch: readonly Write[]): boolean {
    const now = this.#options.clock.monotonic();
    if (now - this.#lookedAt < lookMs && batch.every((write) => write.isAppend)) return false;
    this.#lookedAt = now;
    return true;
  }

  #checkOthers({ database, dataVersion }: Statements): void {
    const version = integerOf(dataVersion.get() ?? {}, "data_version");
    if (version === this.#seenVersion) return;
    if (this.#seenVersion !== undefined) this.#noteOthers();
    this.#options.onOthers(database);
    this.#seenVersion = version;
  }

  #noteOthers(): void {
    this.#contendedUntil = this.#options.clock.monotonic() + contendedMs;
  }

  #delayMs(): number {
    if (this.#busyTries > 0) return Math.min(10, 0.5 * this.#busyTries) * (0.5 + this.#random.next());
    const now = this.#options.clock.monotonic();
    return now < this.#contendedUntil ? this.#endedAt + yieldMs - now : 0;
  }

  #giveUpOld(error: unknown): void {
    this.#busyTries += 1;
    this.#noteOthers();
    const { clock, lockedMs, path } = this.#options;
    const oldest = clock.monotonic() - lockedMs;
    const old = this.#queue.filter((write) => write.since <= oldest);
    this.#queue = this.#queue.filter((write) => write.since > oldest);
    for (const write of old) write.reject(toStoreError(error, path));
  }

  #failAll(batch: readonly Write[], error: unknown): void {
    this.#queue = this.#queue.slice(batch.length);
    const failure = toStoreError(error, this.#options.path);
    for (const write of batch) write.reject(failure);
  }
}

/** Carries a write that broke off out of its transaction. */
class BrokenWrite extends Error {
  readonly write: Write;

  constructor(write: Write, cause: unknown) {
    super("a write broke off", { cause });
    this.write = write;
  }
}

function runWrite(write: Write): Outcome {
  try {
    write.run();
    return undefined;
  } catch (error) {
    if (isRefusal(error)) return { error };
    if (isBusy(error) || isSystemic(error)) throw error;
    throw new BrokenWrite(write, error);
  }
}

function isRefusal(error: unknown): boolean {
  return TroupeError.isTroupeError(error) && refusals.has(error.code);
}

function settle(batch: readonly Write[], outcomes: readonly Outcome[]): void {
  let index = 0;
  for (const write of batch) {
    const outcome = outcomes[index];
    index += 1;
    if (outcome === undefined) write.resolve();
    else write.reject(outcome.error);
  }
}
