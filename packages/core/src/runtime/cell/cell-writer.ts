/**
 * The way of records from a cell to its store.
 *
 * Owns: the fence, the order of writes, what waits for the next one.
 * Invariants:
 * K1. Writes reach the store in the order asked for, one at a time; what is asked for while one is under way goes with the next.
 * K4. After a failed write nothing more is written: nobody knows what the log says.
 * K5. With a durable store all records asked for in one turn of the event loop are one write (C22).
 * K7. A snapshot or a look into the inbox that is refused because another process owns the cell loses it as a write does: nobody is told
 *     `store.fenced`.
 */
import { isPromiseLike, type MaybePromise, yieldMacrotask } from "../../async/index.ts";
import { explainLoss, isFenced } from "./owner-lost.ts";
import type {
  AppendNotes,
  CellClaim,
  CellSnapshot,
  CollectedEntry,
  Fence,
  LogRecord,
  Store,
} from "../../store/index.ts";

interface Batch {
  readonly records: LogRecord[];
  collected: number | undefined;
  readonly written: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What a writer needs. */
export interface CellWriterOptions {
  readonly cell: string;
  readonly store: Store;
  /** Told what is about to be written; what it says goes into the same write. */
  readonly note: ((records: readonly LogRecord[]) => AppendNotes) | undefined;
  /** Told once, when a write has failed or the cell has turned out to be another's. */
  readonly lost: (error: unknown) => void;
}

export class CellWriter {
  readonly #options: CellWriterOptions;
  #epoch = 0;
  #position = 0;
  /** Why nothing is written any more: the failed write, another owner, or that the cell was forgotten. */
  #end: { readonly error: unknown } | undefined;
  #writing: Promise<void> | undefined;
  #batch: Batch | undefined;
  #isScheduled = false;

  constructor(options: CellWriterOptions) {
    this.#options = options;
  }

  get position(): number {
    return this.#position;
  }

  /** The write under way, if there is one. */
  get writing(): Promise<void> | undefined {
    return this.#writing;
  }

  /** True after a failed write, and when it was told to stop (K4). */
  get isStopped(): boolean {
    return this.#end !== undefined;
  }

  start(claim: CellClaim): void {
    this.#epoch = claim.epoch;
    this.#position = claim.position;
  }

  /**
   * Writes records in one atomic append, or with the next one when a write is under way.
   *
   * @throws What the store threw, now or at an earlier write (K4).
   */
  append(records: readonly LogRecord[], collected?: number): MaybePromise<void> {
    if (this.#end !== undefined) throw this.#end.error;
    if (this.#options.store.isDurable) return this.#appendSoon(records, collected);
    if (this.#writing !== undefined) return this.#join(records, collected).written;
    return this.#write(records, { collected });
  }

  /**
   * Writes records with whatever is written next (C25): by itself nothing is. Without a durable store as `append`.
   *
   * @throws As `append`.
   */
  appendLazily(records: readonly LogRecord[]): MaybePromise<void> {
    if (this.#end !== undefined) throw this.#end.error;
    return this.#options.store.isDurable ? this.#join(records, undefined).written : this.append(records);
  }

  /** Puts records before those that wait for the write to come. */
  prepend(records: readonly LogRecord[]): Promise<void> {
    const batch = this.#join([], undefined);
    batch.records.unshift(...records);
    this.#schedule();
    return batch.written;
  }

  /** Resolves when everything asked for so far is written. */
  flush(): MaybePromise<void> {
    if (this.#batch === undefined || this.#end !== undefined) return this.#writing;
    this.#schedule();
    return this.#batch.written;
  }

  #appendSoon(records: readonly LogRecord[], collected: number | undefined): Promise<void> {
    const batch = this.#join(records, collected);
    this.#schedule();
    return batch.written;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#writing !== undefined) return;
    this.#isScheduled = true;
    void yieldMacrotask().then(() => {
      this.#isScheduled = false;
      if (this.#writing === undefined) this.#writeBatch();
    });
  }

  #join(records: readonly LogRecord[], collected: number | undefined): Batch {
    if (this.#batch === undefined) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // Whoever needs the write awaits it; a lazy one is missed by nobody.
      promise.catch(() => {});
      this.#batch = { records: [], collected: undefined, written: promise, resolve, reject };
    }
    for (const record of records) this.#batch.records.push(record);
    if (collected !== undefined) this.#batch.collected = Math.max(collected, this.#batch.collected ?? 0);
    return this.#batch;
  }

  #write(records: readonly LogRecord[], extra: Pick<AppendNotes, "collected">): MaybePromise<void> {
    const { cell, store, note } = this.#options;
    try {
      const notes = note === undefined ? undefined : { ...note(records), ...extra };
      const result = store.append(cell, this.#fence, records, notes);
      if (!isPromiseLike(result)) {
        this.#position = result;
        return undefined;
      }
      this.#writing = this.#finish(result);
      return this.#writing;
    } catch (thrown) {
      throw this.#lose(thrown);
    }
  }

  async #finish(result: PromiseLike<number>): Promise<void> {
    try {
      this.#position = await result;
    } catch (thrown) {
      this.#writing = undefined;
      throw this.#lose(thrown);
    }
    this.#writing = undefined;
    this.#writeBatch();
  }

  #writeBatch(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    if (batch === undefined) return;
    try {
      const written = this.#write(batch.records, { collected: batch.collected });
      // One hop later in both cases: those who wait for the write before are told first.
      Promise.resolve(written).then(batch.resolve, batch.reject);
    } catch (error) {
      batch.reject(error);
    }
  }

  #lose(thrown: unknown): unknown {
    const error = explainLoss(this.#options.cell, thrown);
    if (this.#end !== undefined) return error;
    this.stop(error);
    this.#options.lost(error);
    return error;
  }

  /** Refuses all further writes, those that wait included. */
  stop(error: unknown): void {
    this.#end = { error };
    this.#batch?.reject(error);
    this.#batch = undefined;
  }

  /** Writes the cell's snapshot. */
  snapshot(snapshot: CellSnapshot, options?: { readonly dropsLog: boolean }): MaybePromise<void> {
    const { cell, store } = this.#options;
    return this.#asOwner(() => store.snapshot(cell, this.#fence, snapshot, options));
  }

  /** What the inbox holds. */
  collect(): MaybePromise<readonly CollectedEntry[]> {
    return this.#asOwner(() => this.collectFirst());
  }

  /** As `collect`, while the cell is being opened: there is nothing to lose yet. @throws StoreError `store.fenced`. */
  collectFirst(): MaybePromise<readonly CollectedEntry[]> {
    return this.#options.store.collect(this.#options.cell, this.#fence);
  }

  get #fence(): Fence {
    return { epoch: this.#epoch, position: this.#position };
  }

  /** The store refuses what only the owner may do: then the cell is another's, and lost here (K7). */
  #asOwner<T>(act: () => MaybePromise<T>): MaybePromise<T> {
    try {
      const result = act();
      return isPromiseLike(result) ? result.then(undefined, (error: unknown) => this.#refused(error)) : result;
    } catch (error) {
      return this.#refused(error);
    }
  }

  #refused(thrown: unknown): never {
    throw isFenced(thrown) ? this.#lose(thrown) : thrown;
  }
}
