/** How a full queue behaves: `drop-oldest` makes room, `reject` refuses the new item. */
export type OverflowPolicy = "drop-oldest" | "reject";

/** Options of an `AsyncQueue`. */
export interface AsyncQueueOptions {
  /** Items that may wait; default 1,000. */
  readonly capacity?: number | undefined;
  /** Default `drop-oldest`. */
  readonly overflow?: OverflowPolicy | undefined;
  /** Called once, when the reader leaves or the queue is closed. */
  readonly onClose?: (() => void) | undefined;
}

/**
 * A bounded queue with one reader: how a producer that must not wait feeds a `for await`.
 *
 * 1. At most `capacity` items wait; what a full queue does is its policy, and `droppedCount` tells.
 * 2. Items come out in order, each once.
 * 3. After `close` the reader gets what waits, then the end, or the error. Pushing then does nothing.
 * 4. A reader that leaves its loop closes the queue and frees what waits.
 */
export class AsyncQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #capacity: number;
  readonly #overflow: OverflowPolicy;
  readonly #onClose: (() => void) | undefined;
  #items: IteratorYieldResult<T>[] = [];
  /** Items before this index have been read. */
  #head = 0;
  #readers: PromiseWithResolvers<IteratorResult<T, undefined>>[] = [];
  #isClosed = false;
  #failure: { readonly error: unknown } | undefined;
  #droppedCount = 0;

  constructor(options: AsyncQueueOptions = {}) {
    this.#capacity = Math.max(1, options.capacity ?? 1000);
    this.#overflow = options.overflow ?? "drop-oldest";
    this.#onClose = options.onClose;
  }

  /** Items that wait. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Items lost to a full queue. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Adds an item. False when it was refused: the queue is closed, or full under `reject`. */
  push(item: T): boolean {
    if (this.#isClosed) return false;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: item });
      return true;
    }
    if (this.size >= this.#capacity) {
      this.#droppedCount += 1;
      if (this.#overflow === "reject") return false;
      this.#take();
    }
    this.#items.push({ done: false, value: item });
    return true;
  }

  /** Ends the queue: the reader gets what waits, then the end; or `error`, when one is given. */
  close(failure?: { readonly error: unknown }): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#failure = failure;
    const readers = this.#readers;
    this.#readers = [];
    for (const reader of readers) this.#end().then(reader.resolve, reader.reject);
    this.#onClose?.();
  }

  /** The next item; waits for one. */
  next(): Promise<IteratorResult<T, undefined>> {
    const item = this.#take();
    if (item !== undefined) return Promise.resolve(item);
    if (this.#isClosed) return this.#end();
    const reader = Promise.withResolvers<IteratorResult<T, undefined>>();
    this.#readers.push(reader);
    return reader.promise;
  }

  /** The reader leaves. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#items = [];
    this.#head = 0;
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** The failure is reported once; after it the queue has simply ended. */
  #end(): Promise<IteratorResult<T, undefined>> {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(failure.error);
  }

  #take(): IteratorYieldResult<T> | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    // Read items are cut off in blocks: shifting an array one by one costs its length each time.
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
