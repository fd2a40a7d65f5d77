/** An agent at rest, linked to the one that rests longer and the one that rests shorter. */
export interface Restable<T> {
  older: T | undefined;
  newer: T | undefined;
  isListed: boolean;
}

/**
 * The idle agents, longest idle first: an intrusive list, so that resting and waking cost a few pointer writes.
 *
 * Invariants:
 * I1. An agent is in the list exactly while `isListed`.
 * I2. `size` is the number of listed agents.
 */
export class IdleList<T extends Restable<T>> {
  #oldest: T | undefined;
  #newest: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldest(): T | undefined {
    return this.#oldest;
  }

  add(entry: T): void {
    if (entry.isListed) this.remove(entry);
    entry.isListed = true;
    entry.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    this.#size += 1;
  }

  remove(entry: T): void {
    if (!entry.isListed) return;
    entry.isListed = false;
    if (entry.older === undefined) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === undefined) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    entry.older = undefined;
    entry.newer = undefined;
    this.#size -= 1;
  }
}
