import { ConfigError } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { jsonSchema } from "./json-schema.ts";
import { tool, type ToolContext } from "./tool.ts";

const context: ToolContext = {
  signal: new AbortController().signal,
  callId: "c1",
  idempotencyKey: "k1",
  progress: () => {},
};

const add = tool({
  name: "add",
  description: "Adds",
  input: z.object({ a: z.number().int().describe("first"), b: z.number().default(2) }),
  execute: ({ a, b }) => a + b,
});

function problemOf(
  text: string,
  of = add as { parseArguments(text: string): ReturnType<typeof add.parseArguments> },
): string {
  const parsed = of.parseArguments(text);
  return parsed.kind === "invalid" ? parsed.problem : "";
}

describe("tool()", () => {
  it("declares its arguments as an object schema with descriptions, defaults and required names", () => {
    expect(add.declaration).toEqual({
      name: "add",
      description: "Adds",
      inputSchema: {
        type: "object",
        properties: {
          a: expect.objectContaining({ type: "integer", description: "first" }) as object,
          b: { default: 2, type: "number" },
        },
        required: ["a"],
      },
    });
  });

  it("makes the JSON Schema once, not for every call", () => {
    let conversions = 0;
    const input = jsonSchema<{ n: number }>({ type: "object" });
    const counted = {
      "~standard": {
        ...input["~standard"],
        jsonSchema: {
          input: () => {
            conversions += 1;
            return { type: "object" };
          },
          output: () => ({}),
        },
      },
    };
    const made = tool({ name: "n", description: "n", input: counted, execute: ({ n }) => n });
    for (let call = 0; call < 5; call++) made.parseArguments('{"n":1}');
    expect(conversions).toBe(1);
  });

  it("runs with the schema's output form, defaults filled in", () => {
    const parsed = add.parseArguments('{"a": 40}');
    expect(parsed.kind === "valid" && parsed.value).toEqual({ a: 40, b: 2 });
    expect(parsed.kind === "valid" && parsed.run(context)).toBe(42);
  });

  it("takes empty text as no arguments", () => {
    const now = tool({ name: "now", description: "Time", input: z.object({}), execute: () => "noon" });
    for (const text of ["", "  \n"]) expect(now.parseArguments(text).kind).toBe("valid");
  });

  it("repairs a fence and double encoding, and never completes cut text", () => {
    for (const text of ['```json\n{"a":1}\n```', '```\n{"a":1}```', JSON.stringify('{"a":1}')]) {
      expect(add.parseArguments(text)).toMatchObject({ kind: "valid", value: { a: 1, b: 2 } });
    }
    expect(problemOf('{"a": 1, "b"')).toMatch(/not valid JSON.*one complete JSON object/);
  });

  it("explains wrong arguments with paths", () => {
    expect(problemOf('{"a":"x"}')).toContain("- $.a: ");
    expect(problemOf("[1]")).toBe("The arguments must be one JSON object, not an array.");
    expect(problemOf("null")).toBe("The arguments must be one JSON object, not null.");
    expect(problemOf("7")).toBe("The arguments must be one JSON object, not a number.");
  });

  it("lists ten issues and counts the rest", () => {
    const many = tool({
      name: "many",
      description: "m",
      input: z.object({ rows: z.array(z.object({ n: z.number() })) }),
      execute: () => 1,
    });
    const problem = problemOf(JSON.stringify({ rows: Array.from({ length: 25 }, () => ({ n: "x" })) }), many);
    expect(problem).toContain("- $.rows[9].n: ");
    expect(problem).not.toContain("rows[10]");
    expect(problem).toContain("- and 15 more");
  });

  it("says that an asynchronous schema cannot be used", () => {
    const slow = tool({
      name: "slow",
      description: "s",
      input: z.object({ a: z.string().refine(async () => true) }),
      execute: () => 1,
    });
    expect(problemOf('{"a":"x"}', slow)).toMatch(/promise|async/i);
  });

  it("accepts recursive arguments, in zod and in raw JSON Schema (row 78)", () => {
    interface Node {
      name: string;
      children: Node[];
    }
    const node: z.ZodType<Node, Node> = z.object({
      name: z.string(),
      get children() {
        return z.array(node);
      },
    });
    const fromZod = tool({
      name: "tree",
      description: "t",
      input: z.object({ root: node }),
      execute: ({ root }) => root.name,
    });
    const document = {
      type: "object",
      properties: { root: { $ref: "#/$defs/node" } },
      required: ["root"],
      $defs: {
        node: {
          type: "object",
          properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/node" } } },
          required: ["name", "children"],
        },
      },
    };
    const fromJson = tool({
      name: "tree",
      description: "t",
      input: jsonSchema<{ root: Node }>(document),
      execute: ({ root }) => root.name,
    });
    for (const made of [fromZod, fromJson]) {
      expect(JSON.stringify(made.declaration.inputSchema)).toContain("$ref");
      expect(made.parseArguments('{"root":{"name":"a","children":[{"name":"b","children":[]}]}}').kind).toBe("valid");
      expect(problemOf('{"root":{"name":"a","children":[{"name":1,"children":[]}]}}', made)).toContain(
        "$.root.children[0].name",
      );
    }
  });

  it.each([
    ["a name with a space", () => tool({ name: "a b", description: "", input: z.object({}), execute: () => 1 })],
    [
      "a name that is too long",
      () => tool({ name: "x".repeat(65), description: "", input: z.object({}), execute: () => 1 }),
    ],
    ["arguments that are no object", () => tool({ name: "a", description: "", input: z.string(), execute: () => 1 })],
    [
      "a schema without JSON form",
      () => tool({ name: "a", description: "", input: z.object({ when: z.date() }), execute: () => 1 }),
    ],
    [
      "a strict tool with an optional property",
      () =>
        tool({
          name: "a",
          description: "",
          strict: true,
          input: z.strictObject({ deep: z.strictObject({ b: z.string().optional() }) }),
          execute: () => 1,
        }),
    ],
    [
      "a strict tool that allows more",
      () => tool({ name: "a", description: "", strict: true, input: z.object({ b: z.string() }), execute: () => 1 }),
    ],
  ])("refuses %s", (_what, make) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(expect.objectContaining({ code: "config.invalid_definition" }));
  });

  it("refuses limits out of range and declares a strict tool as strict", () => {
    for (const limit of [{ timeoutMs: 0 }, { retries: -1 }, { concurrency: 0 }, { maxResultBytes: Number.NaN }]) {
      expect(() => tool({ name: "a", description: "", input: z.object({}), execute: () => 1, ...limit })).toThrow(
        expect.objectContaining({ code: "config.invalid_option" }),
      );
    }
    const strict = tool({
      name: "a",
      description: "",
      strict: true,
      input: z.strictObject({ b: z.string() }),
      execute: () => 1,
    });
    expect(strict.declaration.strict).toBe(true);
  });

  it("refuses a schema library without JSON Schema at run time too, naming the wrapper", () => {
    const schema = { "~standard": { version: 1, vendor: "x", validate: (value: unknown) => ({ value }) } };
    expect(() => tool({ name: "a", description: "", input: schema as never, execute: () => 1 })).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining("jsonSchema()") as string }),
    );
  });
});
