import type { StandardSchemaV1 } from "@standard-schema/spec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  assertJson,
  decodeJson,
  defineEvent,
  defineRequest,
  definitionOf,
  encodeJson,
  fromJsonSchema,
  isMessageType,
  MessageRegistry,
  toDefinition,
  validate,
} from "./index.ts";

const Tick = defineEvent("Tick", z.object({ count: z.number().int() }));
const Deposit = defineRequest("Deposit", z.object({ cents: z.number() }), z.object({ cents: z.number() }));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("message types", () => {
  test("are callable and make plain messages that JSON shows as type and payload", () => {
    expect(JSON.parse(JSON.stringify(Tick({ count: 1 })))).toEqual({ type: "Tick", payload: { count: 1 } });
    expect([Tick.type, Deposit.type]).toEqual(["Tick", "Deposit"]);
    expect(Object.isFrozen(Tick)).toBe(true);
  });

  test("a message knows its definition, also after a spread; a hand-made one does not", () => {
    const message = Deposit({ cents: 1 });
    expect(definitionOf(message)).toBe(toDefinition(Deposit));
    expect(definitionOf({ ...message, payload: { cents: 2 } })).toBe(toDefinition(Deposit));
    expect(toDefinition(Deposit).reply).toBe(Deposit.reply);
    expect(definitionOf({ type: "Deposit", payload: {} })).toBeUndefined();
    expect(() => toDefinition({ type: "X", schema: z.object({}) })).toThrow(
      expect.objectContaining({ code: "config.invalid_definition" }),
    );
  });

  test.each(["Tick", "shop.Tick", "_x", "Größe", "a.b.C1"])("%j is a name that every peer can carry", (name) => {
    expect(isMessageType(name)).toBe(true);
  });

  test.each(["", "1x", "a-b", "a..b", ".a", "a.", "a b", "a/b", "Tick\n"])("%j is refused", (name) => {
    expect(isMessageType(name)).toBe(false);
    expect(() => defineEvent(name, z.object({}))).toThrow(
      expect.objectContaining({ code: "config.invalid_message_type" }),
    );
  });

  test("something that is not a schema is refused at definition", () => {
    const raw = { type: "object" } as unknown as StandardSchemaV1;
    expect(() => defineEvent("Raw", raw)).toThrow(expect.objectContaining({ code: "config.invalid_definition" }));
    expect(() => defineRequest("Raw", z.object({}), raw)).toThrow(/reply schema/);
  });
});

describe("validate", () => {
  test("returns the output form", () => {
    expect(
      validate(z.object({ at: z.string().transform((text) => text.length) }), { at: "four" }, { what: "payload" }),
    ).toEqual({ at: 4 });
  });

  test("reports issues with paths, under the code asked for", () => {
    const schema = z.object({ items: z.array(z.object({ name: z.string() })) });
    const attempt = (): unknown =>
      validate(
        schema,
        { items: [{ name: "a" }, { name: 7 }] },
        { what: 'reply of "Order"', code: "serialization.invalid_reply" },
      );
    expect(attempt).toThrow(
      expect.objectContaining({
        code: "serialization.invalid_reply",
        message: expect.stringContaining('reply of "Order" does not fit its schema: $.items[1].name') as unknown,
        details: { issues: [{ path: "$.items[1].name", message: expect.any(String) as unknown }] },
      }),
    );
  });

  test("lists ten issues at most and counts the rest", () => {
    const values = Array.from({ length: 25 }, () => 1);
    expect(() => validate(z.array(z.string()), values, { what: "payload" })).toThrow(/\(and 15 more\)/);
  });

  test("a schema that answers with a promise is refused, and its late rejection stays quiet", () => {
    const slow = z.string().refine(async () => {
      throw new Error("late");
    });
    const attempt = (): unknown =>
      validate(
        {
          "~standard": {
            ...slow["~standard"],
            validate: (value) => slow.parseAsync(value).then((out) => ({ value: out })),
          },
        },
        "x",
        { what: "payload" },
      );
    expect(attempt).toThrow(expect.objectContaining({ code: "serialization.schema_async" }));
  });

  test("fromJsonSchema wraps any compiler, which runs once", () => {
    let compiled = 0;
    const schema = fromJsonSchema<string>({ type: "string" }, (document) => {
      compiled += 1;
      return (value) => (typeof value === document["type"] ? [] : [{ message: "not a string", path: ["a", 0] }]);
    });
    expect(validate(schema, "yes", { what: "payload" })).toBe("yes");
    expect(() => validate(schema, 1, { what: "payload" })).toThrow(/\$\.a\[0\]: not a string/);
    expect(compiled).toBe(1);
  });
});

describe("strict JSON", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const withHole: unknown[] = [];
  withHole.length = 1;

  test.each<[string, unknown, string]>([
    ["NaN", { a: [1, Number.NaN] }, "the number NaN at $.a[1]"],
    ["Infinity", Number.NEGATIVE_INFINITY, "the number -Infinity at $"],
    ["undefined", undefined, "undefined at $"],
    ["undefined in an array", [undefined], "undefined at $[0]"],
    ["a hole in an array", { a: withHole }, "undefined at $.a[0]"],
    ["bigint", { n: 1n }, "a bigint at $.n"],
    ["function", { f: () => {} }, "a function at $.f"],
    ["symbol", [Symbol("s")], "a symbol at $[0]"],
    ["Date", { when: new Date(0) }, "an instance of Date at $.when"],
    ["Map", { "odd key": new Map() }, 'an instance of Map at $["odd key"]'],
    ["Uint8Array", new Uint8Array(1), "an instance of Uint8Array at $"],
    ["class instance", new (class Point {})(), "an instance of Point at $"],
    ["boxed string", { s: Object("x") as unknown }, "an instance of String at $.s"],
    ["cycle", cycle, "a cycle, or more than 1000 levels, at $.self.self.self"],
  ])("%s is refused with its path", (_, value, reason) => {
    expect(() => encodeJson(value, "state")).toThrow(
      expect.objectContaining({
        code: "serialization.unserializable",
        message: expect.stringContaining(`state is not JSON: ${reason}`) as unknown,
      }),
    );
  });

  test("what passes survives the round trip; a property that is undefined counts as absent", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = encodeJson(value, "value");
        expect(JSON.stringify(decodeJson(text, "value"))).toBe(text);
        expect(text).toBe(JSON.stringify(value));
      }),
    );
    expect(encodeJson({ a: undefined, b: Object.create(null) as unknown }, "value")).toBe('{"b":{}}');
  });

  test("anything at all either passes and round-trips, or is refused with the typed error", () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withSparseArray: true,
          withNullPrototype: true,
        }),
        (value) => {
          try {
            assertJson(value, "value");
          } catch (error) {
            expect(error).toMatchObject({ code: "serialization.unserializable" });
            return;
          }
          expect(JSON.stringify(JSON.parse(JSON.stringify(value)))).toBe(JSON.stringify(value));
        },
      ),
    );
  });

  test("a deep but finite value passes", () => {
    let value: unknown = 1;
    for (let level = 0; level < 900; level++) value = [value];
    expect(() => assertJson(value, "value")).not.toThrow();
  });
});

describe("MessageRegistry", () => {
  const registry = new MessageRegistry();
  registry.register(Tick);

  test("1: one name has one definition; the same one may come twice", () => {
    const own = new MessageRegistry();
    own.register(Deposit);
    own.register(Deposit);
    expect(own.names()).toEqual(["Deposit"]);
    const other = defineEvent("Deposit", z.object({}));
    expect(() => own.register(other)).toThrow(expect.objectContaining({ code: "config.duplicate_message_type" }));
    expect(own.get("Deposit")).toBe(toDefinition(Deposit));
  });

  test("encodes compact JSON under the bare name", () => {
    const encoded = registry.encode(Tick({ count: 3 }));
    expect([encoded.typeName, encoded.contentType, new TextDecoder().decode(encoded.data)]).toEqual([
      "Tick",
      "application/json",
      '{"count":3}',
    ]);
  });

  test("refuses to encode a type it does not know", () => {
    expect(() => registry.encode(Deposit({ cents: 1 }))).toThrow(
      expect.objectContaining({ code: "serialization.unknown_message_type" }),
    );
  });

  test.each(['{"count": 3, "who": "\\u00e9"}', '{"count":3,"who":"é"}', ' {\n"count" : 3,"who":"\\u00E9" } '])(
    "decodes %j whatever its spacing and escapes",
    (text) => {
      expect(registry.decode({ typeName: "Tick", contentType: "application/json", data: utf8(text) })).toMatchObject({
        kind: "known",
        body: { count: 3, who: "é" },
      });
    },
  );

  test.each(['{"count": NaN}', "", "{", "{'a':1}"])("%j is serialization.invalid_json", (text) => {
    expect(() => registry.decode({ typeName: "Tick", contentType: "application/json", data: utf8(text) })).toThrow(
      expect.objectContaining({ code: "serialization.invalid_json" }),
    );
  });

  test("bytes that are not UTF-8 are serialization.invalid_json", () => {
    expect(() => decodeJson(new Uint8Array([0x22, 0xff, 0x22]), "payload")).toThrow(
      expect.objectContaining({ code: "serialization.invalid_json" }),
    );
  });

  test("2: an unknown name or content type yields the bytes as they came", () => {
    const data = new Uint8Array([1, 2, 3]);
    expect(registry.decode({ typeName: "Nope", contentType: "application/json", data })).toEqual({
      kind: "unknown",
      typeName: "Nope",
      contentType: "application/json",
      data,
    });
    expect(registry.decode({ typeName: "Tick", contentType: "application/x-protobuf", data })).toMatchObject({
      kind: "unknown",
      data,
    });
  });
});
