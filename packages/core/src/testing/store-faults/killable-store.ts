import type { MaybePromise } from "../../async/index.ts";
import type {
  AppendNotes,
  CellClaim,
  CellRow,
  CellSnapshot,
  CollectedEntry,
  Fence,
  InboxEntry,
  LogRange,
  LogRecord,
  RunFilter,
  RunRow,
  Store,
} from "../../store/index.ts";

/**
 * A store as a process sees it that may die: after `kill` nothing it asks for ever comes back, and nothing is written.
 * What was written before stays in the store beneath, for the next process.
 */
export class KillableStore implements Store {
  readonly kind = "store";
  readonly isDurable = true;
  readonly #store: Store;
  readonly #delay: (() => number) | undefined;
  #writesLeft = Number.POSITIVE_INFINITY;
  /** What was asked before comes first. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param delay microtasks that each operation takes; without it the store answers at once. */
  constructor(store: Store, delay?: () => number) {
    this.#store = store;
    this.#delay = delay;
  }

  /** Dies after so many further writes. */
  kill(afterWrites = 0): void {
    this.#writesLeft = afterWrites;
  }

  get isDead(): boolean {
    return this.#writesLeft <= 0;
  }

  claim(cell: string, owner: string): MaybePromise<CellClaim> {
    return this.#ask(() => this.#store.claim(cell, owner));
  }

  // oxlint-disable-next-line max-params -- the port has four
  append(cell: string, fence: Fence, records: readonly LogRecord[], notes?: AppendNotes): MaybePromise<number> {
    return this.#write(() => this.#store.append(cell, fence, records, notes));
  }

  read(cell: string, range?: LogRange): MaybePromise<readonly LogRecord[]> {
    return this.#ask(() => this.#store.read(cell, range));
  }

  // oxlint-disable-next-line max-params -- the port has four
  snapshot(
    cell: string,
    fence: Fence,
    snapshot: CellSnapshot,
    options?: { readonly dropsLog?: boolean | undefined },
  ): MaybePromise<void> {
    return this.#write(() => this.#store.snapshot(cell, fence, snapshot, options));
  }

  deliver(cell: string, entries: readonly InboxEntry[]): MaybePromise<void> {
    return this.#write(() => this.#store.deliver(cell, entries));
  }

  collect(cell: string, fence: Fence): MaybePromise<readonly CollectedEntry[]> {
    return this.#ask(() => this.#store.collect(cell, fence));
  }

  prune(cell: string, before?: number): MaybePromise<void> {
    return this.#write(() => this.#store.prune(cell, before));
  }

  cells(filter?: { readonly cell?: string | undefined }): MaybePromise<readonly CellRow[]> {
    return this.#ask(() => this.#store.cells(filter));
  }

  runs(filter?: RunFilter): MaybePromise<readonly RunRow[]> {
    return this.#ask(() => this.#store.runs(filter));
  }

  heartbeat(owner: string): MaybePromise<readonly string[]> {
    return this.#ask(() => this.#store.heartbeat(owner));
  }

  release(owner: string, cell?: string): MaybePromise<void> {
    return this.#ask(() => this.#store.release(owner, cell));
  }

  watch(listener: () => void): () => void {
    return this.#store.watch(() => {
      if (!this.isDead) listener();
    });
  }

  /** The process closes its view; the store beneath stays for the next one. */
  close(): void {
    this.kill();
  }

  #write<T>(write: () => MaybePromise<T>): MaybePromise<T> {
    return this.#ask(() => {
      this.#writesLeft -= 1;
      return write();
    });
  }

  #ask<T>(ask: () => MaybePromise<T>): MaybePromise<T> {
    if (this.isDead) return never<T>();
    return this.#delay === undefined ? ask() : this.#askLater(ask, this.#delay());
  }

  /** Dies before the operation, or after it and before its answer: both happen. */
  #askLater<T>(ask: () => MaybePromise<T>, delay: number): Promise<T> {
    const answer = this.#last.then(async () => {
      for (let turn = 0; turn < delay; turn++) await Promise.resolve();
      if (this.isDead) return never<T>();
      const result = await ask();
      return this.isDead ? never<T>() : result;
    });
    this.#last = answer.catch(() => {});
    return answer;
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}
