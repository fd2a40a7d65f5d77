import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromStoredText, toStoredText } from "./stored-text.ts";

describe("stored text", () => {
  test("any string comes back, and what is stored is UTF-8 without NUL", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }), (text) => {
        const stored = toStoredText(text);
        expect(stored.isWellFormed()).toBe(true);
        expect(stored).not.toContain("\u0000");
        expect(fromStoredText(stored)).toBe(text);
      }),
    );
  });

  test.each(["", "plain", "\u0000", "\ud800", "\u0001", '\u0001"x"', "é😀"])("%j comes back", (text) => {
    expect(fromStoredText(toStoredText(text))).toBe(text);
  });

  test("different strings are stored differently", () => {
    const texts = ["\ud800", "\ud801", "\ufffd", '"\ud800"', "\u0001", "\u0001\u0001", ""];
    expect(new Set(texts.map(toStoredText)).size).toBe(texts.length);
  });
});
