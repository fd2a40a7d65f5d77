import { createSeededRandom, MemoryStore, type Store } from "@troupe/core";
import { FaultyStore } from "@troupe/core/testing";

/** How a `ChaosStore` behaves. */
export interface ChaosOptions {
  /** Same seed, same delays. */
  readonly seed: string;
  /** The appends, counted from 1, that fail with `store.unavailable`. */
  readonly fails?: ((append: number) => boolean) | undefined;
  /** True when a failing append writes all the same: its answer is lost. */
  readonly losesAnswer?: boolean | undefined;
  /** False answers at once, as a memory store does. Default true. */
  readonly isSlow?: boolean | undefined;
  /** Default: a new memory store. */
  readonly store?: Store | undefined;
}

/** A memory store that answers late, after a random number of microtasks or macrotasks, and fails some appends. */
export class ChaosStore extends FaultyStore {
  constructor({ seed, fails, losesAnswer, isSlow, store }: ChaosOptions) {
    const random = createSeededRandom(seed);
    super({
      store: store ?? new MemoryStore(),
      fault: (operation, count) => {
        if (operation !== "append" || fails?.(count) !== true) return undefined;
        return losesAnswer === true ? "answer-lost" : "refused";
      },
      ...(isSlow !== false && { delay: () => randomDelay(random.next()) }),
    });
  }
}

async function randomDelay(draw: number): Promise<void> {
  if (draw < 0.5) for (let tick = Math.ceil(draw * 20); tick > 0; tick--) await Promise.resolve();
  else
    for (let tick = Math.ceil((draw - 0.5) * 6); tick > 0; tick--)
      await new Promise((resolve) => setImmediate(resolve));
}
