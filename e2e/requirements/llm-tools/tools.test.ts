import { jsonSchema, runToolCall, type ToolCallContext, tool } from "@troupe/llm";
import { expect } from "vitest";
import { z } from "zod";
import { verifies } from "../llm-tools.ts";

function callContext(more: Partial<ToolCallContext> = {}): ToolCallContext {
  return { signal: new AbortController().signal, callId: "c", idempotencyKey: "k", progress: () => {}, ...more };
}

const add = tool({
  name: "add",
  description: "adds",
  input: z.object({ a: z.number().int().describe("a"), b: z.number().int().default(2).describe("second") }),
  execute: ({ a, b }) => a + b,
});

verifies("tools-78-schema", "the schema of a tool with a default", async () => {
  expect(add.declaration.inputSchema).toMatchObject({
    type: "object",
    properties: { a: { description: "a", type: "integer" }, b: { default: 2, description: "second", type: "integer" } },
    required: ["a"],
  });
  expect((await runToolCall(add, '{"a":40}', callContext())).content).toEqual([{ kind: "json", value: 42 }]);
});

verifies("tools-78-strict", "strict with an optional property", () => {
  const make = () =>
    tool({
      name: "s",
      description: "s",
      strict: true,
      input: z.strictObject({ a: z.string().optional() }),
      execute: () => 1,
    });
  expect(make).toThrow(/strict/);
});

const node = {
  type: "object",
  properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/node" } } },
  required: ["name"],
};
const tree = tool({
  name: "tree",
  description: "t",
  input: jsonSchema<{ root: { name: string } }>({
    type: "object",
    properties: { root: { $ref: "#/$defs/node" } },
    required: ["root"],
    $defs: { node },
  }),
  execute: ({ root }) => root.name,
});

verifies("tools-78-nested", "references stay references", () => {
  expect(tree.declaration.inputSchema).toMatchObject({
    properties: { root: { $ref: "#/$defs/node" } },
    $defs: { node },
  });
});

verifies("tools-78-recursive", "a tree as argument", async () => {
  const good = await runToolCall(tree, '{"root":{"name":"a","children":[{"name":"b"}]}}', callContext());
  const bad = await runToolCall(tree, '{"root":{"name":"a","children":[{"nam":"b"}]}}', callContext());
  expect([good.status, bad.status]).toEqual(["ok", "error"]);
});

verifies("tools-79-validate", "a wrong argument never reaches the tool", async () => {
  let runs = 0;
  const probe = tool({ name: "p", description: "p", input: z.object({ n: z.number() }), execute: () => (runs += 1) });
  const outcome = await runToolCall(probe, '{"n":"4"}', callContext());
  expect([outcome.status, runs]).toEqual(["error", 0]);
});

verifies("tools-79-string", "strings are text, lists are JSON", async () => {
  const give = (value: unknown) => tool({ name: "g", description: "g", input: z.object({}), execute: () => value });
  expect((await runToolCall(give("plain"), "", callContext())).content).toEqual([{ kind: "text", text: "plain" }]);
  expect((await runToolCall(give([1, 2]), "", callContext())).content).toEqual([{ kind: "json", value: [1, 2] }]);
  expect((await runToolCall(give(1n), "", callContext())).failure?.code).toBe("tool.unserializable_result");
});

verifies("tools-80-stream", "items, then the result", async () => {
  const seen: unknown[] = [];
  const stream = tool({
    name: "s",
    description: "s",
    input: z.object({}),
    async *execute() {
      yield 1;
      yield 2;
      return "end";
    },
  });
  const outcome = await runToolCall(stream, "", callContext({ progress: (value) => seen.push(value) }));
  expect([seen, outcome.content]).toEqual([[1, 2], [{ kind: "text", text: "end" }]]);
});

verifies("tools-80-final", "no result, and a wrong one", async () => {
  const silent = tool({
    name: "s",
    description: "s",
    input: z.object({}),
    async *execute() {
      yield 1;
    },
  });
  const wrong = tool({
    name: "w",
    description: "w",
    input: z.object({}),
    output: z.number(),
    execute: () => "x" as unknown as number,
  });
  expect((await runToolCall(silent, "", callContext())).failure?.code).toBe("tool.missing_result");
  expect((await runToolCall(wrong, "", callContext())).failure?.code).toBe("tool.invalid_result");
});

verifies("tools-S10", "the model reads the error", async () => {
  const broken = tool({
    name: "b",
    description: "b",
    input: z.object({}),
    execute: () => {
      throw new Error("no paper in tray 2");
    },
  });
  expect((await runToolCall(broken, "", callContext())).content).toEqual([
    { kind: "text", text: "no paper in tray 2" },
  ]);
});

verifies("tools-S13", "strict survives in the declaration", () => {
  const strict = tool({
    name: "s",
    description: "s",
    strict: true,
    input: z.strictObject({ a: z.string() }),
    execute: () => 1,
  });
  expect(strict.declaration.strict).toBe(true);
});

verifies("tools-S14", "a running call stops with the signal", async () => {
  const controller = new AbortController();
  const slow = tool({
    name: "s",
    description: "s",
    input: z.object({}),
    execute: (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  const outcome = runToolCall(slow, "", callContext({ signal: controller.signal }));
  controller.abort(new Error("enough"));
  expect((await outcome).status).toBe("cancelled");
});
