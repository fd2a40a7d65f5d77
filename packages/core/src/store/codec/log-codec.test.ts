import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StoreError } from "../../errors/index.ts";
import { freezeJson } from "../freeze-json.ts";
import type { LogRecord } from "../log-record.ts";
import { LogDecoder } from "./log-decoder.ts";
import { LogEncoder, type LogEncoderOptions } from "./log-encoder.ts";

/** The codec takes any JSON: what is in a record is not its business. */
const append = (...values: readonly unknown[]): readonly LogRecord[] => values as readonly LogRecord[];

const encodeAll = (
  appends: readonly (readonly LogRecord[])[],
  options?: LogEncoderOptions,
): ReturnType<LogEncoder["encode"]>[] => {
  const encoder = new LogEncoder(options);
  return appends.map((records) => encoder.encode(records));
};

const roundTrip = (appends: readonly (readonly LogRecord[])[], options?: LogEncoderOptions): unknown[] => {
  const decoder = new LogDecoder();
  return encodeAll(appends, options).map((row) => decoder.decode(row.text));
};

/** Strings that could be taken for parts of the format, and the borders of UTF-8 and UTF-16. */
const hostileText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom(
      "\u0000",
      "\u0001",
      "\u000e",
      "\u001f",
      "\u007f",
      "\u0080",
      "\ud800",
      "\udc00",
      "\ufeff",
      "\uffff",
    ),
  }),
  fc.string({ unit: fc.constantFrom("é", "ê", "中", "丮", "😀", "😁", "a", '"', "\\") }),
  fc.constantFrom("__proto__", "constructor", "toJSON", "", "A!!!!", '\u0001"key"\u0001'),
);
const jsonValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    hostileText,
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(hostileText, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

/** Values of which some are said again later, whole or as part of something else: what makes a codec refer back. */
const conversation = fc
  .tuple(
    fc.array(jsonValue, { minLength: 1, maxLength: 6 }),
    fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 12 }),
  )
  .map(([values, picks]) =>
    picks.map((pick, turn) =>
      append(
        ...pick.map((index) => ({ turn, again: values[index % values.length], all: pick.length > 3 ? values : null })),
      ),
    ),
  );

const textsOf = (rows: readonly { readonly text: string }[]): string[] => rows.map((row) => row.text);

describe("what goes in comes out", () => {
  test("any JSON, in any order of appends and for any size of segment", () => {
    fc.assert(
      fc.property(conversation, fc.constantFrom(1, 200, 262_144), (appends, maxSegmentBytes) => {
        // As text: `toStrictEqual` takes a key "constructor" for a class.
        expect(JSON.stringify(roundTrip(appends, { maxSegmentBytes }))).toBe(JSON.stringify(appends));
      }),
      { numRuns: 400 },
    );
  });

  test("records as a runtime writes them, with what is undefined left out", () => {
    const mail = {
      messageId: "m-1",
      kind: "event",
      type: "Said",
      body: { text: "hello" },
      recipient: { type: "a", key: "b" },
      hops: 0,
      at: 5,
    } as const;
    const records: readonly LogRecord[] = [
      { kind: "received", at: 5, mail },
      { kind: "step-settled", at: 6, turn: "m-1>a/b", key: "s#1", outcome: { status: "done", value: undefined } },
      { kind: "turn", at: 7, turn: "m-1>a/b", agent: mail.recipient, messageId: "m-1", state: '{"n":1}' },
    ];
    expect(roundTrip([records, records])).toEqual([records, records]);
  });

  test("keys that objects have by birth", () => {
    const value: unknown = JSON.parse('{"__proto__":{"toString":1},"constructor":"x","hasOwnProperty":null}');
    const [decoded] = roundTrip([append(value)]) as [unknown[]];
    expect(JSON.stringify(decoded)).toBe(JSON.stringify([value]));
    expect(Object.getPrototypeOf(decoded[0])).toBe(Object.prototype);
  });

  test("deep nesting, long runs, and text of many bytes that repeats from far away", () => {
    let deep: unknown = "bottom";
    for (let level = 0; level < 900; level++) deep = level % 2 === 0 ? [deep] : { deep };
    const noise = Array.from({ length: 40_000 }, (_, index) =>
      ((index * 2_654_435_761) % 4_294_967_296).toString(36),
    ).join("");
    const rows = [
      append(deep),
      append("a".repeat(2_000_000)),
      append(noise, "中".repeat(5_000), noise.repeat(4), noise),
      append(noise),
    ];
    expect(roundTrip(rows, { maxSegmentBytes: 4_000_000 })).toStrictEqual(rows);
  });

  test("a number keeps every digit", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(roundTrip([append(number)])).toEqual([[number === 0 ? 0 : number]]);
      }),
    );
  });

  test("D3: decoded records are frozen as freezeJson recognises it", () => {
    fc.assert(
      fc.property(conversation, (appends) => {
        for (const decoded of roundTrip(appends)) expect(freezeJson(decoded, "decoded")).toBe(decoded);
      }),
    );
  });
});

test("rows without an event are passed over, and the rows behind them can still be decoded", () => {
  const said = append({ kind: "turn", text: "said the same", events: [{ sequence: 1 }] });
  const quiet = append({ kind: "turn", text: 'said the same "events":[{', events: [] });
  const [first, second, third] = textsOf(encodeAll([quiet, said, said]));
  const decoder = new LogDecoder();
  expect([first, second, third].map((text) => decoder.decodeEvents(text ?? ""))).toEqual([undefined, said, said]);
  expect(() => decoder.decodeEvents(`${first ?? ""} `)).toThrow(StoreError);
});

test("the summary of a full segment can be read behind its last row, and nowhere else", () => {
  const said = (state: string): readonly LogRecord[] =>
    append({ kind: "turn", agent: { type: "a", key: "b" }, state, events: [{ sequence: 1 }] });
  const encoder = new LogEncoder({ maxSegmentBytes: 7_000, isSummarized: true });
  const rows = ["one", "two", "three", "four", "five"].map((text) => encoder.encode(said(text.repeat(400))));
  const starts = rows.findIndex((row, index) => index > 0 && row.startsSegment);
  const [first, second] = [rows[0]?.text ?? "", rows[1]?.text ?? ""];
  const summary = rows[starts]?.summary ?? "";
  expect(starts).toBeGreaterThan(1);
  expect(rows.map((row) => row.summary !== undefined)).toEqual(
    rows.map((row, index) => index > 0 && row.startsSegment),
  );

  const decoder = new LogDecoder();
  const passed = rows.slice(0, starts).map((row) => row.text);
  const sizes = passed.map((text) => new TextEncoder().encode(text).length);
  decoder.pass(passed.join(""), sizes);
  expect(
    decoder.decodeSummary(summary).flatMap((record) => ("events" in record ? (record.events ?? []) : [])),
  ).toHaveLength(starts);
  expect(() => decoder.pass(second, [second.length])).toThrow(StoreError);
  expect(decoder.decode(first)).toEqual(said("one".repeat(400)));
  expect(() => decoder.decode(summary)).toThrow(StoreError);
  expect(() => decoder.decodeSummary(second)).toThrow(StoreError);
  expect(() => new LogDecoder().decodeSummary(summary)).toThrow(StoreError);
  expect(() => new LogDecoder().pass(passed.join(""), sizes.slice(1))).toThrow(StoreError);
  expect(() => new LogDecoder().pass(passed.join(""), sizes.slice(0, 1))).toThrow(StoreError);
});

test("an encoder sums up the segment of the one before it, and starts its own", () => {
  const said = (state: string): readonly LogRecord[] =>
    append({ kind: "turn", agent: { type: "a", key: "b" }, state, events: [{ sequence: 1 }] });
  const texts = ["one", "two", "three", "four"].map((text) => text.repeat(400));
  const before = textsOf(encodeAll(texts.map(said)));
  const encoder = new LogEncoder({ isSummarized: true });
  encoder.follow(before);
  const next = encoder.encode(said("five"));
  expect(next.startsSegment).toBe(true);
  expect(encoder.encode(said("six"))).toMatchObject({ startsSegment: false, summary: undefined });

  const decoder = new LogDecoder();
  for (const [index, text] of before.entries()) expect(decoder.decode(text)).toEqual(said(texts[index] ?? ""));
  const summary = decoder.decodeSummary(next.summary ?? "");
  expect(summary.flatMap((record) => ("events" in record ? (record.events ?? []) : []))).toHaveLength(texts.length);
  expect(decoder.decode(next.text)).toEqual(said("five"));
});

test("what an encoder cannot read it does not follow", () => {
  const said = append({ kind: "turn", text: "the same again" });
  const [first, second] = textsOf(encodeAll([said, said]));
  for (const texts of [[second ?? ""], [first ?? "", `${second ?? ""}!`]]) {
    const encoder = new LogEncoder({ isSummarized: true });
    encoder.follow(texts);
    expect(encoder.encode(said)).toEqual(new LogEncoder({ isSummarized: true }).encode(said));
  }
});

describe("segments", () => {
  test("E1: a fresh encoder starts one", () => {
    const records = append({ kind: "turn", text: "the same again" });
    const first = encodeAll([records, records]);
    const second = encodeAll([records]);
    expect(first.map((row) => row.startsSegment)).toEqual([true, false]);
    expect(second[0]).toEqual(first[0]);
    const decoder = new LogDecoder();
    expect([...textsOf(first), ...textsOf(second)].map((text) => decoder.decode(text))).toEqual([
      records,
      records,
      records,
    ]);
  });

  test("E2: one ends before the row that would take it beyond its limit", () => {
    const appends = Array.from({ length: 400 }, (_, turn) =>
      append({ turn, text: `line ${turn} `.repeat(1 + (turn % 40)) }),
    );
    const rows = encodeAll(appends, { maxSegmentBytes: 2_000 });
    let size = 0;
    for (const [index, row] of rows.entries()) {
      const bytes = JSON.stringify(appends[index]).length;
      expect(row.startsSegment).toBe(size === 0 || size + bytes > 2_000);
      size = row.startsSegment ? bytes : size + bytes;
    }
    expect(rows.filter((row) => row.startsSegment).length).toBeGreaterThan(10);
  });

  test("a row larger than a segment is one by itself", () => {
    const small = append("small");
    const rows = encodeAll([small, append("x".repeat(5_000)), small, small], { maxSegmentBytes: 1_000 });
    expect(rows.map((row) => row.startsSegment)).toEqual([true, true, true, false]);
  });

  test("reading begins at any row that starts one, and at no other", () => {
    const appends = Array.from({ length: 60 }, (_, turn) => append({ turn, text: "so it goes on and on" }));
    const rows = encodeAll(appends, { maxSegmentBytes: 500 });
    for (const [start, row] of rows.entries()) {
      const decoder = new LogDecoder();
      if (!row.startsSegment) expect(() => decoder.decode(row.text)).toThrow(/starts its segment was not read/);
      else
        for (let index = start; index < rows.length; index++)
          expect(decoder.decode(rows[index]?.text ?? "")).toEqual(appends[index]);
    }
  });

  test("what was said before costs next to nothing, wherever in a record it stands", () => {
    const body = { text: Array.from({ length: 60 }, (_, index) => (index * 7919).toString(36)).join(" "), id: "m-17" };
    const [first, second] = encodeAll([
      append({ kind: "turn", reply: body }),
      append({ kind: "received", mail: { body }, again: [body, body] }),
    ]);
    expect(first?.text.length).toBeGreaterThan(250);
    expect(second?.text.length).toBeLessThan(80);
  });
});

describe("damage", () => {
  const appends = Array.from({ length: 8 }, (_, turn) =>
    append({ turn, text: `Message ${turn} of a conversation that goes on.`, path: ["é", "中"] }),
  );
  const texts = textsOf(encodeAll(appends));
  const corrupted = (): StoreError =>
    expect.objectContaining({ code: "store.corrupted", remedy: expect.any(String) as string }) as StoreError;
  const refuses = (decoder: LogDecoder, text: string): void => {
    let thrown: unknown;
    try {
      decoder.decode(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(StoreError);
    expect(thrown).toEqual(corrupted());
  };

  test("D1: a row that was altered, cut or lengthened anywhere is refused", () => {
    fc.assert(
      fc.property(
        fc.record({
          row: fc.nat(texts.length - 1),
          at: fc.nat(),
          how: fc.constantFrom("alter", "cut", "add"),
          noise: fc.string({ unit: "binary", minLength: 1, maxLength: 3 }),
        }),
        ({ row, at, how, noise }) => {
          const decoder = new LogDecoder();
          for (const text of texts.slice(0, row)) decoder.decode(text);
          const text = texts[row] ?? "";
          const place = at % text.length;
          const damaged = {
            alter: text.slice(0, place) + noise + text.slice(place + noise.length),
            cut: text.slice(0, place),
            add: text.slice(0, place) + noise + text.slice(place),
          }[how];
          fc.pre(damaged !== text);
          refuses(decoder, damaged);
        },
      ),
      { numRuns: 2_000, seed: 20_260_101 },
    );
  });

  test("D1: a row that is missing, repeated or from another cell is noticed by the next", () => {
    const others = textsOf(encodeAll(appends.map((records) => append("another", ...records))));
    for (let row = 1; row < texts.length - 1; row++) {
      const before = (): LogDecoder => {
        const decoder = new LogDecoder();
        for (const text of texts.slice(0, row)) decoder.decode(text);
        return decoder;
      };
      refuses(before(), texts[row + 1] ?? "");
      refuses(before(), texts[row - 1]?.startsWith("B") === true ? (texts[row - 1] ?? "") : (others[row] ?? ""));
      refuses(before(), others[row] ?? "");
    }
  });

  test("D2: after a refusal the row that should have come, or a new segment, is taken", () => {
    const decoder = new LogDecoder();
    decoder.decode(texts[0] ?? "");
    refuses(decoder, texts[2] ?? "");
    expect(decoder.decode(texts[1] ?? "")).toEqual(appends[1]);
    refuses(decoder, "");
    refuses(decoder, "[]");
    expect(decoder.decode(texts[0] ?? "")).toEqual(appends[0]);
  });
});

describe("strings over 256 KiB", () => {
  const large = "中".repeat(262_145);
  const blobs = new Map<string, string>();
  const toBlob = (text: string): string => {
    const key = `\u0001"${text.length}-${text.slice(0, 2)}`;
    blobs.set(key, text);
    return key;
  };
  const fromBlob = (key: string): string => {
    const text = blobs.get(key);
    if (text === undefined) throw new StoreError("store.corrupted", `no blob "${key}"`, { remedy: "Restore it." });
    return text;
  };
  const records = append({
    file: large,
    name: '\u0001"x"\u0001',
    small: "s".repeat(262_144),
    nested: [undefined, { file: large, gone: undefined }],
  });

  test("live outside the rows, and the rows name them", () => {
    const rows = encodeAll([append("none"), records], { toBlob, maxSegmentBytes: 4_000_000 });
    const [key] = [...blobs.keys()];
    expect(rows.map((row) => row.blobs)).toEqual([[], [key, key]]);
    expect(rows[1]?.text.length).toBeLessThan(1_000);
    const decoder = new LogDecoder({ fromBlob });
    expect(rows.map((row) => decoder.decode(row.text))).toEqual([["none"], JSON.parse(JSON.stringify(records))]);
  });

  test("stay in the row without a place for them", () => {
    expect(roundTrip([records])).toEqual([JSON.parse(JSON.stringify(records))]);
  });

  test("one that is not there is an error, and the next row can still be read", () => {
    const rows = encodeAll([records, append("next")], { toBlob, maxSegmentBytes: 4_000_000 });
    const without = new LogDecoder();
    expect(() => without.decode(rows[0]?.text ?? "")).toThrow(/there is no fromBlob option/);
    const decoder = new LogDecoder({ fromBlob });
    blobs.clear();
    expect(() => decoder.decode(rows[0]?.text ?? "")).toThrow(/no blob/);
    expect(decoder.decode(rows[1]?.text ?? "")).toEqual(["next"]);
  });
});
