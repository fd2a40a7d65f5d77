import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonReader } from "./json-reader.ts";

function read(text: string): JsonReader {
  const reader = new JsonReader();
  reader.write(text);
  reader.end();
  return reader;
}

/** Cuts a text at the given places. */
function pieces(text: string, cuts: readonly number[]): readonly string[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => text.slice(places[index], end));
}

function isGrown(before: unknown, after: unknown): boolean {
  if (typeof before === "string") return typeof after === "string" && after.startsWith(before);
  if (Array.isArray(before)) {
    return Array.isArray(after) && before.every((item, index) => index < after.length && isGrown(item, after[index]));
  }
  if (typeof before === "object" && before !== null) {
    if (typeof after !== "object" || after === null) return false;
    return Object.entries(before).every(
      ([key, item]) => Object.hasOwn(after, key) && isGrown(item, Reflect.get(after, key)),
    );
  }
  return before === undefined || Object.is(before, after);
}

const json = fc.oneof(
  fc.json(),
  fc.json({ maxDepth: 5 }),
  fc.json().map((text) => JSON.stringify([text, text])),
);

describe("JsonReader", () => {
  it("reads every JSON text as JSON.parse does", () => {
    fc.assert(
      fc.property(json, fc.nat({ max: 3 }), (text, spaces) => {
        const written = JSON.stringify(JSON.parse(text), null, spaces);
        const reader = read(written);
        expect(reader.problem).toBeUndefined();
        expect(reader.state).toBe("complete");
        expect(reader.length).toBe(written.length);
        expect(JSON.stringify(reader.value)).toBe(JSON.stringify(JSON.parse(written)));
      }),
      { numRuns: 2000 },
    );
  });

  it("1, 2: the value only grows, and pieces do not matter", () => {
    fc.assert(
      fc.property(json, fc.array(fc.nat(), { maxLength: 8 }), (text, cuts) => {
        const reader = new JsonReader();
        let before: unknown;
        for (const piece of pieces(text, cuts)) {
          reader.write(piece);
          expect(isGrown(before, reader.value)).toBe(true);
          before = structuredClone(reader.value);
        }
        reader.end();
        expect(reader.value).toEqual(read(text).value);
        expect(isGrown(before, reader.value)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("3: a text that is cut off is never complete", () => {
    fc.assert(
      fc.property(json, fc.nat(), (text, cut) => {
        const isContainer = text.startsWith("{") || text.startsWith("[") || text.startsWith('"');
        fc.pre(isContainer);
        expect(read(text.slice(0, cut % text.length)).state).toBe("open");
      }),
      { numRuns: 1000 },
    );
  });

  it("3: nothing changes after a break", () => {
    const reader = read('{"a": 1, "b" 2');
    expect(reader.state).toBe("broken");
    reader.write(', "c": 3}');
    expect(reader.value).toEqual({ a: 1 });
  });

  it.each([
    ['{"a": [1, 2,], }', { a: [1, 2] }],
    ["{'a': 'it is', b: True, c: None}", { a: "it is", b: true, c: null }],
    ['{"a": 1, // one\n /* and\n* two */ "b": 2}', { a: 1, b: 2 }],
    ['{"a": "two\nlines"}', { a: "two\nlines" }],
    ["{\u201ca\u201d: \u201cb\u201d}", { a: "b" }],
    ['{"__proto__": 1}', JSON.parse('{"__proto__": 1}')],
  ])("reads %s", (text, value) => {
    expect(read(text).value).toEqual(value);
    expect(read(text).state).toBe("complete");
  });

  it.each([
    '{"a": 1, "a": 2}',
    '{"a": 1,, "b": 2}',
    "[1, , 2]",
    "[1 2]",
    "{,}",
    "{a b}",
    '{"a": }',
    '{"a": ]',
    '{"a": 01}',
    '{"a": .5}',
    '{"a": 1.}',
    '{"a": NaN}',
    '{"a": Infinity}',
    '{"a": 1e999}',
    '{"a": undefined}',
    '{"a": "\\d"}',
    '{"a": "\\u12x4"}',
    '{"a": ...}',
    "{1: 2}",
    '{"a": 1]',
    "[".repeat(300),
    '/ {"a": 1}',
  ])("does not guess what %s means", (text) => {
    expect(read(text).state).toBe("broken");
  });

  it("shows strings as they come, keys and numbers when they are whole", () => {
    const reader = new JsonReader();
    const seen: unknown[] = [];
    for (const piece of ['{"na', 'me": "Ad', "a \\ud8", "3d\\ude", '00", "n": 4', "2", ', "l": [tr', "ue, ", '"x']) {
      reader.write(piece);
      seen.push(structuredClone(reader.value));
    }
    expect(seen).toEqual([
      {},
      { name: "Ad" },
      { name: "Ada " },
      { name: "Ada " },
      { name: "Ada \u{1f600}" },
      { name: "Ada \u{1f600}" },
      { name: "Ada \u{1f600}", n: 42, l: [] },
      { name: "Ada \u{1f600}", n: 42, l: [true] },
      { name: "Ada \u{1f600}", n: 42, l: [true, "x"] },
    ]);
  });
});
