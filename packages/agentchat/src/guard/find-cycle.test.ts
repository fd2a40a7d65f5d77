import fc from "fast-check";
import { expect, it } from "vitest";
import { cycleWindow, findCycle, maxPeriod } from "./find-cycle.ts";

const letters = (text: string): readonly string[] => text.split("");

it("finds the shortest cycle at the end, and no other", () => {
  expect(findCycle(letters("xaaa"), 3)).toEqual(["a"]);
  expect(findCycle(letters("zababab"), 3)).toEqual(["a", "b"]);
  expect(findCycle(letters("abcabcabc"), 3)).toEqual(["a", "b", "c"]);
  expect(findCycle(letters("aabaab"), 2)).toEqual(["a", "a", "b"]);
  const matters = (cycle: readonly string[]): boolean => cycle.includes("b");
  expect(findCycle(letters("baabaa"), 2, { matters })).toEqual(["b", "a", "a"]);
  expect(findCycle(letters("aaaaaa"), 2, { matters })).toBeUndefined();
  for (const text of ["", "aa", "abab", "aaab", "abababc", "abcabab", "abxabab"])
    expect(findCycle(letters(text), 3), text).toBeUndefined();
});

it("finds every repeated block, and only what is repeated", () => {
  const some = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 });
  const block = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: maxPeriod });
  fc.assert(
    fc.property(some, block, fc.integer({ min: 2, max: 5 }), (before, cycle, limit) => {
      const items = [...before, ...Array.from({ length: limit }, () => cycle).flat()];
      const tail = findCycle(items, limit);
      if (tail === undefined || tail.length > cycle.length) return false;
      const repeated = Array.from({ length: limit }, () => tail).flat();
      return repeated.every((item, index) => item === items[items.length - repeated.length + index]);
    }),
  );
  fc.assert(
    fc.property(some, fc.integer({ min: 2, max: 4 }), (items, limit) => {
      const period = findCycle(items, limit)?.length;
      const isRepeated = (length: number): boolean =>
        items.length >= length * limit &&
        Array.from({ length: length * limit }, (_, index) => items.length - 1 - index).every(
          (index) => index - length < items.length - length * limit || items[index] === items[index - length],
        );
      const lengths = Array.from({ length: maxPeriod }, (_, index) => index + 1);
      return period === lengths.find(isRepeated);
    }),
  );
});

it("needs no more than its window", () => {
  const items = Array.from({ length: 3 * maxPeriod }, (_, index) => index % maxPeriod);
  expect(cycleWindow(3)).toBe(items.length);
  expect(findCycle(items, 3)).toHaveLength(maxPeriod);
});
