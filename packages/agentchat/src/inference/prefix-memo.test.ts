import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefixMemo } from "./prefix-memo.ts";

interface Item {
  weight: number;
}

const sumUp = (item: Item, before = 0): number => before + item.weight;
const sumsOf = (items: readonly Item[]): readonly number[] =>
  items.map((_, index) => items.slice(0, index + 1).reduce((sum, item) => sum + item.weight, 0));

describe("PrefixMemo", () => {
  it("1: gives what working out every item would give, whatever it was asked before and whoever has changed an item since", () => {
    const pool: readonly Item[] = Array.from({ length: 6 }, (_, index) =>
      index % 3 === 2 ? { weight: index } : Object.freeze({ weight: index }),
    );
    const lists = fc.array(fc.array(fc.constantFrom(...pool), { maxLength: 8 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(lists, (questions) => {
        const memo = new PrefixMemo({ derive: sumUp, isFixed: Object.isFrozen });
        for (const items of questions) {
          for (const item of pool) if (!Object.isFrozen(item)) item.weight += 10;
          for (const part of [items, [...items, ...items.slice(0, 2)]]) expect(memo.of(part)).toEqual(sumsOf(part));
        }
      }),
    );
  });

  it("2: works out only what is new at the end of a list that grows", () => {
    const seen: number[] = [];
    const memo = new PrefixMemo<number, number>({ derive: (item) => seen.push(item), isFixed: () => true });
    const items: number[] = [];
    for (let item = 0; item < 50; item += 1) {
      items.push(item);
      memo.of([...items]);
    }
    expect(seen).toEqual(items);
    memo.of([0, 1, 99]);
    expect(seen.slice(items.length)).toEqual([99]);
  });
});
