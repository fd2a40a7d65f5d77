import {
  extractJson,
  jsonSchema,
  type ModelMessage,
  staticWorkbench,
  type ToolCallContext,
  type ToolCallRecord,
  tool,
  toolLoop,
} from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { z } from "zod";
import { verifies } from "../llm-tools.ts";

function callContext(more: Partial<ToolCallContext> = {}): ToolCallContext {
  return { signal: new AbortController().signal, callId: "c", idempotencyKey: "k", progress: () => {}, ...more };
}

const add = tool({
  name: "add",
  description: "adds",
  input: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => a + b,
});
const broken = tool({
  name: "broken",
  description: "fails",
  input: z.object({}),
  execute: () => {
    throw new AggregateError([new Error("first"), new AggregateError([new Error("second")])], "two things");
  },
});
const ticking = tool({
  name: "ticking",
  description: "ticks",
  input: z.object({}),
  async *execute(_, { signal }) {
    for (let tick = 0; !signal.aborted; tick++) {
      yield tick;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    throw signal.reason;
  },
});
const question: readonly ModelMessage[] = [{ role: "user", content: [{ kind: "text", text: "?" }] }];

verifies("tools-81-list", "names and descriptions", async () => {
  const workbench = staticWorkbench([add], { overrides: { add: { name: "plus", description: "sum" } } });
  expect((await workbench.list()).map(({ declaration }) => [declaration.name, declaration.description])).toEqual([
    ["plus", "sum"],
  ]);
});

verifies("tools-81-call", "the new name and the old", async () => {
  const workbench = staticWorkbench([add], { overrides: { add: { name: "plus" } } });
  for (const name of ["plus", "add"])
    expect((await workbench.call(name, '{"a":1,"b":2}', callContext())).status).toBe("ok");
});

verifies("tools-81-unknown", "a tool that is not there", async () => {
  expect(await staticWorkbench([add]).call("nope", "", callContext())).toMatchObject({
    status: "error",
    content: [{ text: 'Tool "nope" not found. There are: add.' }],
  });
});

verifies("tools-81-error", "errors inside errors", async () => {
  expect((await staticWorkbench([broken]).call("broken", "", callContext())).content).toEqual([
    { kind: "text", text: "two things: first; second" },
  ]);
});

verifies("tools-81-conflicts", "a name taken twice", () => {
  expect(() => staticWorkbench([add, broken], { overrides: { add: { name: "broken" } } })).toThrow(
    /answer to "broken"/,
  );
  expect(() => staticWorkbench([add, broken], { overrides: { add: { name: "x" }, broken: { name: "x" } } })).toThrow(
    /answer to "x"/,
  );
  expect(() => staticWorkbench([add], { overrides: { add: { name: "add" } } })).not.toThrow();
});

verifies("tools-81-state", "a call gets the key under which its effect can be kept", async () => {
  const keys: string[] = [];
  const keyed = tool({
    name: "keyed",
    description: "k",
    input: z.object({}),
    execute: (_, { idempotencyKey }) => keys.push(idempotencyKey),
  });
  await staticWorkbench([keyed]).call("keyed", "", callContext({ idempotencyKey: "run-1/call-7" }));
  expect(keys).toEqual(["run-1/call-7"]);
});

verifies("tools-81-config", "a tool is code and its declaration data", () => {
  expect(JSON.parse(JSON.stringify(add.declaration))).toEqual(add.declaration);
  expect(JSON.stringify(add)).not.toContain("=>");
});

verifies("tools-81-streaming", "a renamed streaming tool", async () => {
  const seen: unknown[] = [];
  const stream = tool({
    name: "stream",
    description: "s",
    input: z.object({}),
    async *execute() {
      yield "half";
      return "whole";
    },
  });
  const workbench = staticWorkbench([stream], { overrides: { stream: { name: "flow" } } });
  const outcome = await workbench.call("flow", "", callContext({ progress: (value) => seen.push(value) }));
  expect([outcome.status, seen]).toEqual(["ok", ["half"]]);
});

verifies("tools-82-success", "the result carries the id of its call", async () => {
  const model = new ScriptedModel([
    reply.toolCalls([{ name: "add", arguments: { a: 1, b: 2 }, callId: "call-9" }]),
    "3",
  ]);
  const { messages } = await toolLoop({ model, messages: question, tools: [add] });
  expect(messages[1]).toMatchObject({
    role: "tool",
    content: [{ callId: "call-9", status: "ok", content: [{ value: 3 }] }],
  });
});

verifies("tools-82-errors", "each fault is text for the model", async () => {
  const calls = [{ name: "nope" }, { name: "add", argumentsText: "{" }, { name: "broken" }];
  const model = new ScriptedModel([reply.toolCalls(calls), "sorry"]);
  const { messages } = await toolLoop({ model, messages: question, tools: [add, broken] });
  const texts = JSON.stringify(model.requests[1]?.messages);
  for (const text of ["not found", "not valid JSON", "two things: first; second"]) expect(texts).toContain(text);
  expect(messages.at(-1)).toMatchObject({ role: "assistant", content: [{ text: "sorry" }] });
});

verifies("tools-83-loop", "model, tools, model", async () => {
  const model = new ScriptedModel([
    reply.toolCall("add", { a: 1, b: 2 }),
    reply.toolCall("add", { a: 3, b: 4 }),
    "done",
  ]);
  const { messages, iterations } = await toolLoop({ model, messages: question, tools: [add] });
  expect([messages.map(({ role }) => role).join(), iterations]).toEqual(["assistant,tool,assistant,tool,assistant", 3]);
});

verifies("tools-83-bound", "a model that never stops", async () => {
  const model = new ScriptedModel(() => reply.toolCall("add", { a: 1, b: 1 }));
  const { stopReason, iterations } = await toolLoop({ model, messages: question, tools: [add], maxIterations: 4 });
  expect([stopReason, iterations, model.requests.length]).toEqual(["max-iterations", 4, 4]);
});

verifies("tools-79-log", "arguments and result of each call", async () => {
  const records: ToolCallRecord[] = [];
  const model = new ScriptedModel([reply.toolCall("add", { a: 1, b: 2 }), "3"]);
  await toolLoop({ model, messages: question, tools: [add], onCall: (record) => records.push(record) });
  expect(records).toMatchObject([{ call: { toolName: "add", arguments: '{"a":1,"b":2}' }, outcome: { status: "ok" } }]);
});

verifies("tools-S14", "failed calls are reported too", async () => {
  const records: ToolCallRecord[] = [];
  const model = new ScriptedModel([reply.toolCall("broken"), "sorry"]);
  await toolLoop({ model, messages: question, tools: [broken], onCall: (record) => records.push(record) });
  expect(records).toMatchObject([{ outcome: { status: "error", failure: { code: "tool.failed" } } }]);
});

verifies("tools-S11", "an empty answer ends it, and reasoning stays", async () => {
  const model = new ScriptedModel([reply.toolCall("add", { a: 1, b: 2 }, { reasoning: "add them" }), reply.parts([])]);
  const { messages, stopReason } = await toolLoop({ model, messages: question, tools: [add] });
  expect(stopReason).toBe("finished");
  expect(messages[0]).toMatchObject({ content: [{ kind: "reasoning", text: "add them" }, { kind: "tool-call" }] });
});

verifies("tools-S12", "a renamed stream stops with the signal", async () => {
  const controller = new AbortController();
  const workbench = staticWorkbench([ticking], { overrides: { ticking: { name: "clock" } } });
  const progress = () => controller.abort(new Error("enough"));
  expect((await workbench.call("clock", "", callContext({ signal: controller.signal, progress }))).status).toBe(
    "cancelled",
  );
});

verifies("tools-85-json", "fences, tags and errors", () => {
  expect(extractJson('a\n```json\n{"a":1}\n```\nb\n```\n[2]\n```')).toEqual([{ a: 1 }, [2]]);
  expect(extractJson('{"a":1}')).toEqual([{ a: 1 }]);
  expect(() => extractJson("```xml\n<a/>\n```")).toThrow(/tagged "xml"/);
  expect(() => extractJson("```json\n{a}\n```")).toThrow(/not JSON/);
});

verifies("tools-85-converter", "a document validates, a broken one is refused", () => {
  const schema = jsonSchema({
    type: "object",
    properties: { mail: { type: "string", format: "email" } },
    required: ["mail"],
  });
  const check = (value: unknown) => {
    const result = schema["~standard"].validate(value);
    return !(result instanceof Promise) && result.issues === undefined;
  };
  expect([check({ mail: "a@b.example" }), check({ mail: "a" }), check({})]).toEqual([true, false, false]);
  expect(() => jsonSchema({ $ref: "#/$defs/none" })).toThrow(/leads nowhere/);
  expect(() => jsonSchema({ type: "text" })).toThrow(/type/);
});
