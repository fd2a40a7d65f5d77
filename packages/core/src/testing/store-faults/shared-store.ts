/**
 * Data that several processes share, in memory: leases, fences and deaths as a durable store has them.
 *
 * Owns: what is known of workers, and which worker holds which cell. Does not own: the data (MemoryStore).
 * Invariants:
 * H1. A cell of a live worker is claimed by nobody else; that of a silent one by the first who asks, not cleanly.
 * H2. A worker that was declared dead is told so by its next heartbeat, until it has given everything back.
 */
import type { MaybePromise } from "../../async/index.ts";
import { StoreError } from "../../errors/index.ts";
import {
  type AppendNotes,
  type CellClaim,
  type CellRow,
  type CellSnapshot,
  type Fence,
  type LogRecord,
  MemoryStore,
  type Store,
} from "../../store/index.ts";

/** Hears of everything that is written, when it is. */
export interface WriteObserver {
  appended(cell: string, position: number, records: readonly LogRecord[]): void;
  snapshotted(cell: string, snapshot: CellSnapshot): void;
  /** The cell holds nothing any more. */
  pruned(cell: string): void;
}

/** What several processes share: the data, and what is known of their workers. */
export class SharedData {
  readonly memory: MemoryStore;
  readonly workers: Map<string, "alive" | "silent" | "dead"> = new Map();
  /** The worker that holds each cell. */
  readonly owners: Map<string, string> = new Map();
  readonly observer: WriteObserver | undefined;

  /** @param memory where the data are; default a new store. */
  constructor(observer?: WriteObserver, memory: MemoryStore = new MemoryStore({ isDurable: true })) {
    this.observer = observer;
    this.memory = memory;
  }

  /** One process's handle on the data. */
  open(): SharedStore {
    return new SharedStore(this);
  }

  /** Makes a worker silent for longer than its lease. */
  expire(owner: string): void {
    if (this.workers.get(owner) === "alive") this.workers.set(owner, "silent");
  }
}

/** A process's handle on shared data. It answers at once. */
export class SharedStore implements Store {
  readonly kind = "store";
  readonly isDurable = true;
  protected readonly data: SharedData;
  readonly #own: Set<string> = new Set();
  readonly #stops: Set<() => void> = new Set();
  #isClosed = false;

  constructor(data: SharedData) {
    this.data = data;
  }

  /** The workers that have claimed cells through this handle and not ended. */
  get workers(): readonly string[] {
    return [...this.#own];
  }

  claim(cell: string, owner: string): MaybePromise<CellClaim> {
    const memory = this.memory();
    const { workers, owners } = this.data;
    const holder = owners.get(cell);
    if (holder !== undefined && holder !== owner) {
      if (workers.get(holder) === "alive") throw owned(cell, holder);
      workers.set(holder, "dead");
    }
    this.#own.add(owner);
    if (!workers.has(owner)) workers.set(owner, "alive");
    owners.set(cell, owner);
    return memory.claim(cell, owner);
  }

  // oxlint-disable-next-line max-params -- the port has four
  append(cell: string, fence: Fence, records: readonly LogRecord[], notes?: AppendNotes): MaybePromise<number> {
    const position = this.memory().append(cell, fence, records, notes);
    this.data.observer?.appended(cell, position, records);
    return position;
  }

  read(...call: Parameters<Store["read"]>): ReturnType<Store["read"]> {
    return this.memory().read(...call);
  }

  snapshot(...call: Parameters<Store["snapshot"]>): MaybePromise<void> {
    this.memory().snapshot(...call);
    this.data.observer?.snapshotted(call[0], call[2]);
  }

  deliver(...call: Parameters<Store["deliver"]>): MaybePromise<void> {
    return this.memory().deliver(...call);
  }

  collect(...call: Parameters<Store["collect"]>): ReturnType<Store["collect"]> {
    return this.memory().collect(...call);
  }

  prune(cell: string, before?: number): MaybePromise<void> {
    this.memory().prune(cell, before);
    if (before !== undefined) return;
    this.data.owners.delete(cell);
    this.data.observer?.pruned(cell);
  }

  cells(...call: Parameters<Store["cells"]>): MaybePromise<readonly CellRow[]> {
    const { workers } = this.data;
    const isHeld = (owner: string | undefined): boolean => owner !== undefined && workers.get(owner) === "alive";
    const rows = this.memory().cells(...call);
    return rows.map((row) => (isHeld(row.owner) ? row : { ...row, owner: undefined }));
  }

  runs(...call: Parameters<Store["runs"]>): ReturnType<Store["runs"]> {
    return this.memory().runs(...call);
  }

  heartbeat(owner: string): MaybePromise<readonly string[]> {
    const mail = this.memory().heartbeat(owner);
    if (this.data.workers.get(owner) === "dead") throw declaredDead(owner);
    this.#own.add(owner);
    this.data.workers.set(owner, "alive");
    return mail;
  }

  release(owner: string, cell?: string): MaybePromise<void> {
    if (!this.#isClosed) this.#release(owner, cell);
  }

  watch(listener: () => void): () => void {
    const stop = this.memory().watch(listener);
    this.#stops.add(stop);
    return () => {
      stop();
      this.#stops.delete(stop);
    };
  }

  close(): MaybePromise<void> {
    for (const stop of this.#stops) stop();
    for (const owner of this.#own) this.#release(owner);
    this.#isClosed = true;
  }

  /** The data, while the handle is open. */
  protected memory(): MemoryStore {
    if (!this.#isClosed) return this.data.memory;
    throw new StoreError("store.closed", "The store is closed", { remedy: "Open it again." });
  }

  #release(owner: string, only?: string): void {
    const held = [...this.data.owners].flatMap(([cell, holder]) => (holder === owner ? [cell] : []));
    const given = only === undefined ? held : held.filter((cell) => cell === only);
    this.data.memory.release(owner, only);
    for (const cell of given) {
      this.data.owners.delete(cell);
      // What holds nothing goes with its release.
      if (!this.data.memory.holds(cell)) this.data.observer?.pruned(cell);
    }
    if (only !== undefined) return;
    this.data.workers.delete(owner);
    this.#own.delete(owner);
  }
}

function owned(cell: string, owner: string): StoreError {
  return new StoreError("store.owned", `Cell "${cell}" is held by "${owner}"`, {
    remedy: "Ask its owner, or wait until it gives the cell back.",
    details: { owner },
  });
}

function declaredDead(owner: string): StoreError {
  return new StoreError("store.fenced", `Worker "${owner}" was declared dead`, { remedy: "Start a new worker." });
}
