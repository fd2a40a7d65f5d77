import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import { StoreError } from "../../errors/index.ts";
import type { Store } from "../../store/index.ts";

/** What a runtime asks of a store. */
export type StoreOperation = Exclude<keyof Store, "kind" | "isDurable" | "watch" | "close">;

/**
 * What goes wrong with an operation: it fails and nothing has happened; it happens and its answer is lost; it happens twice, as when
 * somebody who lost the answer asks again (deliveries only, which may be repeated).
 */
export type StoreFault = "refused" | "answer-lost" | "repeated";

/** How a `FaultyStore` behaves. */
export interface FaultyStoreOptions {
  /** The store beneath, which does what it should. */
  readonly store: Store;
  /** Asked once for each operation; `count` says how many operations of this kind there were, from 1. */
  readonly fault?: ((operation: StoreOperation, count: number) => StoreFault | undefined) | undefined;
  /** Waits before each operation: later ones may pass. Absent for a store as quick as the one beneath. */
  readonly delay?: (() => Promise<void>) | undefined;
}

/** A store between a runtime and another store that is late, fails, loses answers and does things twice, as it is told. */
export class FaultyStore implements Store {
  readonly kind = "store";
  readonly isDurable: boolean;
  readonly #options: FaultyStoreOptions;
  readonly #store: Store;
  readonly #counts: Map<StoreOperation, number> = new Map();

  constructor(options: FaultyStoreOptions) {
    this.#options = options;
    this.#store = options.store;
    this.isDurable = options.store.isDurable;
  }

  /** How many operations of a kind there were. */
  count(operation: StoreOperation): number {
    return this.#counts.get(operation) ?? 0;
  }

  claim(...call: Parameters<Store["claim"]>): ReturnType<Store["claim"]> {
    return this.#ask("claim", () => this.#store.claim(...call));
  }

  append(...call: Parameters<Store["append"]>): ReturnType<Store["append"]> {
    return this.#ask("append", () => this.#store.append(...call));
  }

  read(...call: Parameters<Store["read"]>): ReturnType<Store["read"]> {
    return this.#ask("read", () => this.#store.read(...call));
  }

  snapshot(...call: Parameters<Store["snapshot"]>): ReturnType<Store["snapshot"]> {
    return this.#ask("snapshot", () => this.#store.snapshot(...call));
  }

  deliver(...call: Parameters<Store["deliver"]>): ReturnType<Store["deliver"]> {
    return this.#ask("deliver", () => this.#store.deliver(...call));
  }

  collect(...call: Parameters<Store["collect"]>): ReturnType<Store["collect"]> {
    return this.#ask("collect", () => this.#store.collect(...call));
  }

  prune(...call: Parameters<Store["prune"]>): ReturnType<Store["prune"]> {
    return this.#ask("prune", () => this.#store.prune(...call));
  }

  cells(...call: Parameters<Store["cells"]>): ReturnType<Store["cells"]> {
    return this.#ask("cells", () => this.#store.cells(...call));
  }

  runs(...call: Parameters<Store["runs"]>): ReturnType<Store["runs"]> {
    return this.#ask("runs", () => this.#store.runs(...call));
  }

  heartbeat(...call: Parameters<Store["heartbeat"]>): ReturnType<Store["heartbeat"]> {
    return this.#ask("heartbeat", () => this.#store.heartbeat(...call));
  }

  release(...call: Parameters<Store["release"]>): ReturnType<Store["release"]> {
    return this.#ask("release", () => this.#store.release(...call));
  }

  watch(listener: () => void): () => void {
    return this.#store.watch(listener);
  }

  close(): MaybePromise<void> {
    return this.#store.close();
  }

  #ask<T>(operation: StoreOperation, act: () => MaybePromise<T>): MaybePromise<T> {
    const count = this.count(operation) + 1;
    this.#counts.set(operation, count);
    const fault = this.#options.fault?.(operation, count);
    const waited = this.#options.delay?.();
    return waited === undefined ? perform(operation, act, fault) : waited.then(() => perform(operation, act, fault));
  }
}

function perform<T>(
  operation: StoreOperation,
  act: () => MaybePromise<T>,
  fault: StoreFault | undefined,
): MaybePromise<T> {
  if (fault === undefined) return act();
  if (fault === "refused") throw unavailable(operation);
  const first = act();
  if (fault === "repeated") return isPromiseLike(first) ? first.then(act) : act();
  if (!isPromiseLike(first)) throw unavailable(operation);
  return first.then(() => {
    throw unavailable(operation);
  });
}

function unavailable(operation: StoreOperation): StoreError {
  return new StoreError("store.unavailable", `The store has not answered to "${operation}"`, {
    remedy: "Nothing needs to be done: this fault is part of a test.",
  });
}
