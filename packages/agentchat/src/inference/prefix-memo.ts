/** How values are worked out. */
export interface PrefixRules<Item, Value> {
  /** The value of an item; `before` is that of the item before it, undefined for the first. Pure. */
  readonly derive: (item: Item, before: Value | undefined) => Value;
  /** False for an item that somebody may still change: it, and what comes behind it, is worked out anew each time. */
  readonly isFixed: (item: Item) => boolean;
}

/**
 * A value for each item of a list that is asked about again and again and mostly grows at its end: what stands where it stood the last time
 * is worked out once. Comparing costs about a nanosecond an item.
 *
 * Owns: the last list and its values. Meant for one turn, which holds that list anyway.
 * Invariants:
 * 1. `of` gives what working out every item would give, whatever it was asked before.
 * 2. Items at the start that are the same as the last time are not worked out again.
 */
export class PrefixMemo<Item, Value> {
  readonly #rules: PrefixRules<Item, Value>;
  readonly #items: Item[] = [];
  readonly #values: Value[] = [];
  /** Items at the start that never change. */
  #fixed = 0;

  constructor(rules: PrefixRules<Item, Value>) {
    this.#rules = rules;
  }

  /** The values, one for each item. The list is good until the next question. */
  of(items: readonly Item[]): readonly Value[] {
    this.#keep(this.#countSame(items));
    for (let index = this.#items.length; index < items.length; index += 1) {
      const item = items[index];
      if (item !== undefined) this.#add(item);
    }
    return this.#values;
  }

  #countSame(items: readonly Item[]): number {
    const known = this.#items;
    const end = Math.min(this.#fixed, items.length);
    let same = 0;
    while (same < end && items[same] === known[same]) same += 1;
    return same;
  }

  #keep(count: number): void {
    this.#items.length = count;
    this.#values.length = count;
    this.#fixed = count;
  }

  #add(item: Item): void {
    const { derive, isFixed } = this.#rules;
    if (this.#fixed === this.#items.length && isFixed(item)) this.#fixed += 1;
    this.#values.push(derive(item, this.#values.at(-1)));
    this.#items.push(item);
  }
}
