import { type MaybePromise, MemoryStore, StoreError, type Store } from "@troupe/core";
import { createSeededRandom } from "@troupe/core";

type AppendOf = Parameters<Store["append"]>;

/** How a `ChaosStore` behaves. */
export interface ChaosOptions {
  /** Same seed, same delays. */
  readonly seed: string;
  /** The appends, counted from 1, that fail with `store.unavailable`. */
  readonly fails?: ((append: number, records: AppendOf[2]) => boolean) | undefined;
  /** True when a failing append writes all the same: its answer is lost. */
  readonly losesAnswer?: boolean | undefined;
  /** False answers at once, as a memory store does. Default true. */
  readonly isSlow?: boolean | undefined;
}

/** A store that answers late, after a random number of microtasks or macrotasks, and fails some appends. */
export class ChaosStore implements Store {
  readonly kind = "store";
  readonly isDurable = false;
  readonly #store = new MemoryStore();
  readonly #options: ChaosOptions;
  readonly #random: { next(): number };
  appends = 0;

  constructor(options: ChaosOptions) {
    this.#options = options;
    this.#random = createSeededRandom(options.seed);
  }

  claim(...call: Parameters<Store["claim"]>): ReturnType<Store["claim"]> {
    return this.#late(() => this.#store.claim(...call));
  }

  append(...call: AppendOf): ReturnType<Store["append"]> {
    this.appends += 1;
    const isFailing = this.#options.fails?.(this.appends, call[2]) === true;
    return this.#late(() => {
      if (isFailing) {
        if (this.#options.losesAnswer === true) this.#store.append(...call);
        throw new StoreError("store.unavailable", "The disk is on fire", { remedy: "Put it out." });
      }
      return this.#store.append(...call);
    });
  }

  read(...call: Parameters<Store["read"]>): ReturnType<Store["read"]> {
    return this.#late(() => this.#store.read(...call));
  }

  snapshot(...call: Parameters<Store["snapshot"]>): ReturnType<Store["snapshot"]> {
    return this.#late(() => this.#store.snapshot(...call));
  }

  deliver(...call: Parameters<Store["deliver"]>): ReturnType<Store["deliver"]> {
    return this.#late(() => this.#store.deliver(...call));
  }

  collect(...call: Parameters<Store["collect"]>): ReturnType<Store["collect"]> {
    return this.#late(() => this.#store.collect(...call));
  }

  prune(...call: Parameters<Store["prune"]>): ReturnType<Store["prune"]> {
    return this.#late(() => this.#store.prune(...call));
  }

  cells(...call: Parameters<Store["cells"]>): ReturnType<Store["cells"]> {
    return this.#late(() => this.#store.cells(...call));
  }

  runs(...call: Parameters<Store["runs"]>): ReturnType<Store["runs"]> {
    return this.#late(() => this.#store.runs(...call));
  }

  heartbeat(...call: Parameters<Store["heartbeat"]>): ReturnType<Store["heartbeat"]> {
    return this.#late(() => this.#store.heartbeat(...call));
  }

  release(...call: Parameters<Store["release"]>): ReturnType<Store["release"]> {
    return this.#late(() => this.#store.release(...call));
  }

  watch(...call: Parameters<Store["watch"]>): ReturnType<Store["watch"]> {
    return this.#store.watch(...call);
  }

  close(): void {
    this.#store.close();
  }

  #late<T>(ask: () => T): MaybePromise<T> {
    if (this.#options.isSlow === false) return ask();
    return this.#answerLate(ask);
  }

  async #answerLate<T>(ask: () => T): Promise<T> {
    const draw = this.#random.next();
    if (draw < 0.5) for (let tick = Math.ceil(draw * 20); tick > 0; tick--) await Promise.resolve();
    else
      for (let tick = Math.ceil((draw - 0.5) * 6); tick > 0; tick--)
        await new Promise((resolve) => setImmediate(resolve));
    return ask();
  }
}
