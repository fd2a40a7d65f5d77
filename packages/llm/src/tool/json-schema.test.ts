import { ConfigError } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { jsonSchema } from "./json-schema.ts";

function issuesOf(document: Record<string, unknown>, value: unknown): readonly string[] {
  const result = jsonSchema(document)["~standard"].validate(value);
  if (result instanceof Promise) throw new Error("a promise");
  return (result.issues ?? []).map((issue) => `${(issue.path ?? []).map(String).join(".")}: ${issue.message}`);
}

const person = {
  type: "object",
  properties: {
    name: { type: "string", minLength: 1 },
    age: { type: "integer", minimum: 0 },
    tags: { type: "array", items: { enum: ["a", "b"] } },
  },
  required: ["name"],
  additionalProperties: false,
};

// What AutoGen's converter to pydantic supports, as values accepted and refused (row 85).
const matrix: readonly [
  what: string,
  document: Record<string, unknown>,
  accepted: readonly unknown[],
  refused: readonly unknown[],
][] = [
  ["string", { type: "string" }, ["", "x"], [1, null, []]],
  ["integer", { type: "integer" }, [0, -3, 5.0], [1.5, "1"]],
  ["number", { type: "number" }, [1.5, 0], ["1", null]],
  ["boolean", { type: "boolean" }, [true], [0, "true"]],
  ["null", { type: "null" }, [null], [0, ""]],
  ["several types", { type: ["string", "null"] }, ["a", null], [1]],
  [
    "array with limits",
    { type: "array", items: { type: "number" }, minItems: 1, maxItems: 2, uniqueItems: true },
    [[1], [1, 2]],
    [[], [1, 2, 3], [1, 1], ["x"]],
  ],
  [
    "tuple of 2020-12",
    { prefixItems: [{ type: "string" }, { type: "number" }], items: false },
    [["a", 1], ["a"]],
    [[1], ["a", 1, 2]],
  ],
  [
    "tuple of draft 7",
    { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "string" }], additionalItems: false },
    [["a"]],
    [["a", 1]],
  ],
  ["number limits", { minimum: 1, exclusiveMaximum: 10, multipleOf: 3 }, [3, 9], [0, 10, 4]],
  [
    "string limits and pattern",
    { minLength: 2, maxLength: 3, pattern: "^[a-z]+$" },
    ["ab", "abc"],
    ["a", "abcd", "AB"],
  ],
  ["enum and const", { enum: ["x", 1, null] }, ["x", 1, null], ["y", 2]],
  ["const", { const: { a: [1] } }, [{ a: [1] }], [{ a: [2] }]],
  ["anyOf", { anyOf: [{ type: "string" }, { type: "number" }] }, ["a", 1], [true]],
  ["oneOf", { oneOf: [{ minimum: 5 }, { maximum: 7 }] }, [4, 8], [6]],
  ["allOf merges", { allOf: [{ required: ["a"] }, { required: ["b"] }] }, [{ a: 1, b: 1 }], [{ a: 1 }]],
  ["not", { not: { type: "string" } }, [1], ["x"]],
  [
    "if then else",
    { if: { type: "string" }, then: { minLength: 2 }, else: { type: "number" } },
    ["ab", 1],
    ["a", true],
  ],
  [
    "nested objects",
    { type: "object", properties: { in: person }, required: ["in"] },
    [{ in: { name: "x" } }],
    [{ in: {} }, {}],
  ],
  ["defs", { $ref: "#/$defs/p", $defs: { p: person } }, [{ name: "x" }], [{ name: "" }]],
  [
    "recursion",
    { type: "object", properties: { next: { $ref: "#" } }, required: ["v"] },
    [{ v: 1, next: { v: 2 } }],
    [{ v: 1, next: {} }],
  ],
  ["anchors", { $ref: "#person", $defs: { p: { $anchor: "person", ...person } } }, [{ name: "x" }], [{}]],
  ["email", { format: "email" }, ["a@b.example"], ["a"]],
  ["uri", { format: "uri" }, ["https://x.example/a"], ["x y"]],
  ["uuid", { format: "uuid" }, ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6"], ["f81d"]],
  ["hostname", { format: "hostname" }, ["a.example"], ["-a-."]],
  ["ipv4 and ipv6", { anyOf: [{ format: "ipv4" }, { format: "ipv6" }] }, ["10.0.0.1", "::1"], ["300.0.0.1"]],
  ["date", { format: "date" }, ["2026-02-28"], ["2026-02-31", "x"]],
  ["time", { format: "time" }, ["10:00:00Z"], ["25:00"]],
  ["date-time", { format: "date-time" }, ["2026-01-01T10:00:00Z"], ["2026"]],
  ["duration", { format: "duration" }, ["P1D"], ["1 day"]],
  ["unknown formats are annotations", { type: "string", format: "password" }, ["x"], [1]],
  [
    "maps",
    { additionalProperties: { type: "number" }, propertyNames: { pattern: "^k" }, maxProperties: 1 },
    [{ k1: 1 }],
    [{ k1: "x" }, { x: 1 }, { k1: 1, k2: 2 }],
  ],
  ["pattern properties", { patternProperties: { "^n": { type: "number" } } }, [{ n1: 1, x: "y" }], [{ n1: "y" }]],
  ["contains", { contains: { type: "number" } }, [["a", 1]], [["a"]]],
  ["dependent keywords", { dependentRequired: { a: ["b"] } }, [{ a: 1, b: 2 }, {}], [{ a: 1 }]],
];

describe("jsonSchema()", () => {
  it.each(matrix)("accepts and refuses values of %s", (...[, document, accepted, refused]) => {
    for (const value of accepted) expect(issuesOf(document, value), JSON.stringify(value)).toEqual([]);
    for (const value of refused) expect(issuesOf(document, value), JSON.stringify(value)).not.toEqual([]);
  });

  it("names the place of each misfit and says it once", () => {
    expect(issuesOf(person, { name: "", age: 1.5, tags: ["a", "c"], extra: 1 })).toEqual([
      expect.stringMatching(/^name: .*short/i),
      expect.stringMatching(/^age: .*integer/),
      expect.stringMatching(/^tags.1: .*any of/),
      expect.stringMatching(/^: Property "extra" is not allowed\.$/),
    ]);
    expect(issuesOf(person, {})).toEqual([': Instance does not have required property "name".']);
  });

  it.each([
    ["not an object", [] as never],
    ["an unknown type", { type: "strnig" }],
    ["a nested unknown type", { properties: { a: { items: { type: "int" } } } }],
    ["properties that are a list", { properties: [] }],
    ["required that is a flag", { properties: { a: { required: true } } }],
    ["a pattern that does not compile", { pattern: "(" }],
    ["a pattern property that does not compile", { patternProperties: { "(": {} } }],
    ["a negative count", { minLength: -1 }],
    ["a limit that is text", { minimum: "1" }],
    ["an empty anyOf", { anyOf: [] }],
    ["a reference that leads nowhere", { $ref: "#/$defs/none" }],
    ["a reference to another document", { $ref: "https://schemas.example/a.json" }],
    ["a reference that is its own answer", { $ref: "#" }],
    [
      "a longer circle of references",
      { $ref: "#/$defs/a", $defs: { a: { anyOf: [{ $ref: "#/$defs/b" }] }, b: { allOf: [{ $ref: "#/$defs/a" }] } } },
    ],
  ])("refuses a document with %s", (_what, document) => {
    expect(() => jsonSchema(document)).toThrow(ConfigError);
    expect(() => jsonSchema(document)).toThrow(expect.objectContaining({ code: "config.invalid_definition" }));
  });

  it("refuses a document that is a cycle of objects", () => {
    const document: Record<string, unknown> = { type: "object" };
    document["properties"] = { self: document };
    expect(() => jsonSchema(document)).toThrow(/cycle/);
  });

  it("does not touch the caller's document and is not touched by it", () => {
    const document = { type: "object", properties: { a: { type: "string" } } };
    const before = JSON.stringify(Object.getOwnPropertyDescriptors(document));
    const schema = jsonSchema(document);
    expect(JSON.stringify(Object.getOwnPropertyDescriptors(document))).toBe(before);
    document.properties.a.type = "number";
    expect(schema["~standard"].validate({ a: "x" })).toEqual({ value: { a: "x" } });
    expect(schema["~standard"].jsonSchema.input({ target: "draft-2020-12" })).toEqual({
      type: "object",
      properties: { a: { type: "string" } },
    });
  });

  it("answers a value that is nested too deeply instead of overflowing", () => {
    let value: unknown = { v: 1 };
    for (let depth = 0; depth < 20_000; depth++) value = { v: 1, next: value };
    expect(issuesOf({ type: "object", properties: { next: { $ref: "#" } } }, value)).toEqual([
      ": The value is nested too deeply.",
    ]);
  });
});
