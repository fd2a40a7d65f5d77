import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RowCompressor } from "./row-compressor.ts";
import { RowExpander } from "./row-expander.ts";
import { nearDistance } from "./row-format.ts";

const utf8 = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true });

/** Text without control characters in which much repeats, among it characters of two to four bytes with equal beginnings or ends. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom("é", "è", "Ã", "中", "丮", "😀", "😁", '{"kind":"turn"', "the same words again "),
      fc.string({ unit: "grapheme" }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join("").replaceAll(/[\p{Cc}\p{Cs}]/gu, ""));

function expand(expander: RowExpander, body: Uint8Array): string {
  expander.take(body);
  return expander.text();
}

describe("RowCompressor", () => {
  test("P1, P2: bodies are valid UTF-8, never longer than their text, and expand to it", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
        const compressor = new RowCompressor();
        const expander = new RowExpander();
        for (const one of texts) {
          const body = compressor.compress(one);
          expect(body.length).toBeLessThanOrEqual(utf8.encode(one).length);
          strict.decode(body);
          expect(expand(expander, body)).toBe(one);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("P3: memory does not grow with the number of segments, and is given back after a large one", () => {
    const compressor = new RowCompressor();
    const segment = (length: number): void => {
      compressor.clear();
      for (let row = 0; row < 100; row++) compressor.compress(`row ${row} ${"of some length".repeat(length)}`);
    };
    segment(200);
    const { memoryBytes, size } = compressor;
    expect(memoryBytes).toBeLessThan(3 * size);
    for (let repetition = 0; repetition < 20; repetition++) segment(200);
    expect(compressor.memoryBytes).toBe(memoryBytes);
    segment(2_000);
    expect(compressor.memoryBytes).toBeGreaterThan(1_048_576);
    compressor.clear();
    expect(compressor.memoryBytes).toBeLessThan(16_384);
  });

  test("copies reach back as far as three digits say, and no further", () => {
    const phrase = "a phrase that occurs nowhere else, only here and much later";
    const noise = (length: number): string => {
      let out = "";
      for (let n = 1; out.length < length; n++) out += Math.imul(n, 0x9e3779b1).toString(36);
      return out.slice(0, length);
    };
    for (const [distance, saves] of [
      [nearDistance - 100, true],
      [nearDistance + 100, true],
      [800_000, true],
      [900_000, false],
    ] as const) {
      const compressor = new RowCompressor();
      const expander = new RowExpander();
      expander.take(compressor.compress(phrase + noise(distance)));
      const body = compressor.compress(phrase);
      expect(body.length < 12).toBe(saves);
      expect(expand(expander, body)).toBe(phrase);
    }
  });
});

describe("RowExpander", () => {
  test("X1: whatever the bytes are, it answers with text or a typed refusal and never reads outside the segment", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 0x0e, max: 0x23 })), { maxLength: 40 }),
        (bytes) => {
          const expander = new RowExpander();
          try {
            // What nobody has written is 0.
            expect(expand(expander, Uint8Array.from(bytes))).not.toContain("\u0000");
          } catch (error) {
            expect(error instanceof RangeError || error instanceof TypeError).toBe(true);
          }
        },
      ),
      { numRuns: 2_000 },
    );
    expect(() => new RowExpander().take(Uint8Array.from([0x61, 0x0e, 0x20]))).not.toThrow();
    expect(() => new RowExpander().take(Uint8Array.from([0x0e, 0x20]))).toThrow(/before the segment/);
    expect(() => new RowExpander().take(Uint8Array.from([0x61, 0x1a, 0x20]))).toThrow(/without digits/);
  });
});
