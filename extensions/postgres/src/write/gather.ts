/**
 * One batch at a time of what is asked for.
 *
 * Owns: what waits. Does not own: what a batch does.
 * Invariants:
 * G1. While a batch is on its way, what is asked for gathers and goes with the next; a tick's worth starts the first.
 * G2. Things with the same key go in the order asked for. Unless they can join, one of them goes with each batch.
 * G3. Every promise settles: what a batch leaves open fails with what the batch threw.
 */

/** One thing asked for, and its promise. */
export interface Asked<Input, Output> {
  readonly input: Input;
  readonly resolve: (output: Output) => void;
  readonly reject: (error: unknown) => void;
}

/** How to gather. */
export interface GatherOptions<Input, Output> {
  /** Settles each; what it throws goes to all that it has not settled. */
  readonly run: (batch: readonly Asked<Input, Output>[]) => Promise<void>;
  /** Things with one key keep their order. */
  readonly keyOf: (input: Input) => string;
  /** True when `next` may go with `last`, which has the same key and is in the batch already. Default: never. */
  readonly joins?: ((last: Input, next: Input) => boolean) | undefined;
  readonly maxBatch: number;
}

/** See the head of this file. */
export class Gather<Input, Output> {
  readonly #options: GatherOptions<Input, Output>;
  #waiting: Asked<Input, Output>[] = [];
  #running: Promise<void> | undefined;

  constructor(options: GatherOptions<Input, Output>) {
    this.#options = options;
  }

  /** Asks for one thing. @throws What its batch failed with. */
  add(input: Input): Promise<Output> {
    const { promise, resolve, reject } = Promise.withResolvers<Output>();
    this.#waiting.push({ input, resolve, reject });
    this.#running ??= this.#work();
    return promise;
  }

  /** Resolves when nothing waits and nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #work(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        await this.#options.run(batch);
      } catch (error) {
        // Those that are settled already do not notice.
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
  }

  #take(): readonly Asked<Input, Output>[] {
    const { keyOf, joins, maxBatch } = this.#options;
    const batch: Asked<Input, Output>[] = [];
    const rest: Asked<Input, Output>[] = [];
    /** By key: the last one taken; undefined when one had to wait, and all after it must. */
    const last = new Map<string, Input | undefined>();
    for (const asked of this.#waiting) {
      const key = keyOf(asked.input);
      const before = last.get(key);
      const fits = !last.has(key) || (before !== undefined && joins?.(before, asked.input) === true);
      const isTaken = fits && batch.length < maxBatch;
      (isTaken ? batch : rest).push(asked);
      last.set(key, isTaken ? asked.input : undefined);
    }
    this.#waiting = rest;
    return batch;
  }
}
