import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromStoredText, toStoredName, toStoredText } from "./stored-text.ts";

const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });

describe("stored text", () => {
  test("is what PostgreSQL takes, and comes back as it was", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.constantFrom("", "\u0001", "\u0000", '\u0001"x"', "\ud800", "a")), (text) => {
        const stored = toStoredText(text);
        expect(stored.isWellFormed() && !stored.includes("\u0000")).toBe(true);
        expect(fromStoredText(stored)).toBe(text);
      }),
    );
  });

  test("of two different texts is different", () => {
    fc.assert(
      fc.property(anyText, anyText, (left, right) => {
        expect(toStoredText(left) === toStoredText(right)).toBe(left === right);
      }),
    );
  });

  test("of a long name fits into an index, with the whole name beside it", () => {
    for (const long of ["x".repeat(100_000), "é".repeat(1_500), "😀".repeat(900), "\ud800".repeat(2_000)]) {
      const { name, longName } = toStoredName(long);
      expect(Buffer.byteLength(name)).toBeLessThan(100);
      expect(fromStoredText(longName ?? "")).toBe(long);
      expect(toStoredName(`${long}y`).name).not.toBe(name);
    }
    expect(toStoredName("x".repeat(2_400))).toEqual({ name: "x".repeat(2_400), longName: null });
  });
});
