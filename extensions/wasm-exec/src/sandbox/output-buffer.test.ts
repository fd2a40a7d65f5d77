import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutputBuffer } from "./output-buffer.ts";

function open(maxBytes: number) {
  const pieces: string[] = [];
  const truncated: boolean[] = [];
  const buffer = new OutputBuffer({
    maxBytes,
    send: (text, isTruncated) => {
      pieces.push(text);
      truncated.push(isTruncated);
    },
  });
  return { buffer, pieces, truncated };
}

describe("OutputBuffer", () => {
  it("1: sends what was written, in order, whatever the sizes", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 5000 }), { maxLength: 20 }), (texts) => {
        const { buffer, pieces } = open(10_000_000);
        for (const text of texts) buffer.write(text);
        buffer.flush();
        expect(pieces.join("")).toBe(texts.join(""));
        expect(pieces).not.toContain("");
      }),
    );
  });

  it("2: sends at most the limit, cut between characters, then one line that says so, then nothing", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        (text, maxBytes) => {
          const { buffer, pieces, truncated } = open(maxBytes);
          for (let round = 0; round < 3; round++) buffer.write(text);
          buffer.flush();
          const whole = text.repeat(3);
          const output = pieces.join("");
          if (new TextEncoder().encode(whole).length <= maxBytes) {
            expect(output).toBe(whole);
            return;
          }
          const [kept = "", ...marks] = output.split("\n[output cut: ");
          expect(whole.startsWith(kept)).toBe(true);
          expect(new TextEncoder().encode(kept).length).toBeLessThanOrEqual(maxBytes);
          expect([marks, truncated.at(-1)]).toEqual([[`the limit of ${maxBytes} bytes is reached]\n`], true]);
        },
      ),
    );
  });

  it("2: shows a notice even when the output was cut", () => {
    const { buffer, pieces } = open(3);
    buffer.write("abcdef");
    buffer.writeNotice("stopped");
    expect(pieces.join("")).toBe("abc\n[output cut: the limit of 3 bytes is reached]\nstopped\n");
  });

  it("3: holds small pieces back only for a moment", async () => {
    const { buffer, pieces } = open(1000);
    buffer.write("a");
    buffer.flushIfOld();
    expect(pieces).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 40));
    buffer.flushIfOld();
    expect(pieces).toEqual(["a"]);
  });
});
