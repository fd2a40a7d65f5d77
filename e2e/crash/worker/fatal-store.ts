/**
 * A store that ends its own process at one of its writes, with SIGKILL, so that nothing of the program runs afterwards.
 *
 * Owns: the count of writes: claims, appends, snapshots, deliveries, prunes, releases. Everything else is the store's behind it.
 * Invariants:
 * F1. With `write-before` the write never reaches the store; with `write-after` it is durable and its writer never hears of it.
 */
import type {
  AppendNotes,
  CellClaim,
  CellRow,
  CellSnapshot,
  CollectedEntry,
  Fence,
  InboxEntry,
  LogRange,
  MaybePromise,
  RunFilter,
  RunRow,
  Store,
  StoreRecord,
} from "@troupe/core";
import type { WriteKill } from "./assignment.ts";

/** What a fatal store is made of. */
export interface FatalStoreOptions {
  readonly store: Store;
  readonly kill: WriteKill | undefined;
  /** Says the last words. */
  readonly onDying: (write: number) => void;
}

/** Passes everything on, and kills the process where it is told to. */
export class FatalStore implements Store {
  readonly kind = "store";
  readonly isDurable: boolean;
  readonly #store: Store;
  readonly #kill: WriteKill | undefined;
  readonly #onDying: (write: number) => void;
  #writes = 0;

  constructor({ store, kill, onDying }: FatalStoreOptions) {
    this.isDurable = store.isDurable;
    this.#store = store;
    this.#kill = kill;
    this.#onDying = onDying;
  }

  /** How often this process wrote. */
  get writes(): number {
    return this.#writes;
  }

  #write<T>(write: () => MaybePromise<T>): MaybePromise<T> {
    this.#writes += 1;
    const kill = this.#kill?.number === this.#writes ? this.#kill.at : undefined;
    if (kill === "write-before") this.#die();
    const written = write();
    if (kill === undefined) return written;
    if (kill === "write-after") return Promise.resolve(written).then(() => this.#die());
    // Group commits start at the end of the tick: die somewhere in the middle of one.
    setImmediate(() => setImmediate(() => this.#die()));
    return written;
  }

  #die(): never {
    this.#onDying(this.#writes);
    process.kill(process.pid, "SIGKILL");
    throw new Error("SIGKILL has not killed");
  }

  claim(cell: string, owner: string): MaybePromise<CellClaim> {
    return this.#write(() => this.#store.claim(cell, owner));
  }

  // oxlint-disable-next-line max-params -- the port has four
  append(cell: string, fence: Fence, records: readonly StoreRecord[], notes?: AppendNotes): MaybePromise<number> {
    return this.#write(() => this.#store.append(cell, fence, records, notes));
  }

  read(cell: string, range?: LogRange): MaybePromise<readonly StoreRecord[]> {
    return this.#store.read(cell, range);
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
    return this.#store.collect(cell, fence);
  }

  prune(cell: string, before?: number): MaybePromise<void> {
    return this.#write(() => this.#store.prune(cell, before));
  }

  cells(filter?: { readonly cell?: string | undefined }): MaybePromise<readonly CellRow[]> {
    return this.#store.cells(filter);
  }

  runs(filter?: RunFilter): MaybePromise<readonly RunRow[]> {
    return this.#store.runs(filter);
  }

  heartbeat(owner: string): MaybePromise<readonly string[]> {
    return this.#store.heartbeat(owner);
  }

  release(owner: string, cell?: string): MaybePromise<void> {
    return this.#write(() => this.#store.release(owner, cell));
  }

  watch(listener: () => void): () => void {
    return this.#store.watch(listener);
  }

  close(): MaybePromise<void> {
    return this.#store.close();
  }
}
