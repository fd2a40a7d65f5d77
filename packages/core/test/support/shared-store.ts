import { type CellClaim, type CellRow, MemoryStore, type Store, StoreError } from "@troupe/core";

/** What several processes share: the data, and what is known of their workers. */
export class SharedData {
  readonly memory: MemoryStore = new MemoryStore({ isDurable: true });
  readonly workers: Map<string, "alive" | "silent" | "dead"> = new Map();
  /** The worker that holds each cell. */
  readonly owners: Map<string, string> = new Map();

  /** One process's handle on the data. */
  open(): SharedStore {
    return new SharedStore(this);
  }

  /** Makes a worker silent for longer than its lease. */
  expire(owner: string): void {
    this.workers.set(owner, "silent");
  }
}

/** A store with leases and several handles, in memory: the contract's cases for those show on it that they can pass, and fail. */
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

  async claim(cell: string, owner: string): Promise<CellClaim> {
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

  async append(...call: Parameters<Store["append"]>): Promise<number> {
    return this.memory().append(...call);
  }

  async read(...call: Parameters<Store["read"]>): Promise<Awaited<ReturnType<Store["read"]>>> {
    return this.memory().read(...call);
  }

  async snapshot(...call: Parameters<Store["snapshot"]>): Promise<void> {
    return this.memory().snapshot(...call);
  }

  async deliver(...call: Parameters<Store["deliver"]>): Promise<void> {
    return this.memory().deliver(...call);
  }

  async collect(...call: Parameters<Store["collect"]>): Promise<Awaited<ReturnType<Store["collect"]>>> {
    return this.memory().collect(...call);
  }

  async prune(cell: string, before?: number): Promise<void> {
    if (before === undefined) this.data.owners.delete(cell);
    return this.memory().prune(cell, before);
  }

  async cells(...call: Parameters<Store["cells"]>): Promise<readonly CellRow[]> {
    const { workers } = this.data;
    return this.memory()
      .cells(...call)
      .map((row) => ({ ...row, owner: workers.get(row.owner ?? "") === "alive" ? row.owner : undefined }));
  }

  async runs(...call: Parameters<Store["runs"]>): Promise<Awaited<ReturnType<Store["runs"]>>> {
    return this.memory().runs(...call);
  }

  async heartbeat(owner: string): Promise<readonly string[]> {
    const mail = this.memory().heartbeat(owner);
    if (this.data.workers.get(owner) === "dead") throw fenced(owner);
    this.data.workers.set(owner, "alive");
    return mail;
  }

  async release(owner: string, cell?: string): Promise<void> {
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

  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    for (const owner of this.#own) this.#release(owner);
    this.#own.clear();
    this.#isClosed = true;
  }

  /** The data, while the handle is open. */
  protected memory(): MemoryStore {
    if (!this.#isClosed) return this.data.memory;
    throw new StoreError("store.closed", "The store is closed", { remedy: "Open it again." });
  }

  #release(owner: string, only?: string): void {
    this.data.memory.release(owner, only);
    for (const [cell, holder] of this.data.owners)
      if (holder === owner && (only === undefined || only === cell)) this.data.owners.delete(cell);
    if (only === undefined) this.data.workers.delete(owner);
  }
}

function owned(cell: string, owner: string): StoreError {
  return new StoreError("store.owned", `Cell "${cell}" is held by "${owner}"`, {
    remedy: "Ask its owner, or wait until it gives the cell back.",
    details: { owner },
  });
}

function fenced(owner: string): StoreError {
  return new StoreError("store.fenced", `Worker "${owner}" was declared dead`, { remedy: "Start a new worker." });
}
