import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { ModelMessage } from "../model/model-message.ts";
import { reply } from "../testing/reply.ts";
import { ScriptedModel } from "../testing/scripted-model.ts";
import { tool } from "../tool/tool.ts";
import { staticWorkbench } from "./static-workbench.ts";
import { type ToolCallRecord, toolLoop } from "./tool-loop.ts";

const add = tool({
  name: "add",
  description: "Adds",
  input: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => a + b,
});
const fail = tool({
  name: "fail",
  description: "Fails",
  input: z.object({}),
  execute: () => {
    throw new Error("the printer is on fire");
  },
});
const messages: readonly ModelMessage[] = [{ role: "user", content: [{ kind: "text", text: "20 + 22?" }] }];

function resultsOf(generated: readonly ModelMessage[]) {
  return generated.flatMap((message) => (message.role === "tool" ? message.content : []));
}

describe("toolLoop", () => {
  it("alternates model and tools until the model answers (row 83)", async () => {
    const model = new ScriptedModel([
      reply.toolCall("add", { a: 20, b: 22 }, { reasoning: "I add." }),
      reply.toolCall("add", { a: 42, b: 0 }),
      "The sum is 42.",
    ]);
    const seen: string[] = [];
    const loop = await toolLoop({ model, messages, tools: [add], onMessage: (message) => seen.push(message.role) });
    expect(seen).toEqual(["assistant", "tool", "assistant", "tool", "assistant"]);
    expect(loop.messages.map((message) => message.role)).toEqual(seen);
    expect(loop).toMatchObject({
      stopReason: "finished",
      iterations: 3,
      result: { content: [{ kind: "text", text: "The sum is 42." }] },
    });
    expect(resultsOf(loop.messages).map((part) => part.content)).toEqual([
      [{ kind: "json", value: 42 }],
      [{ kind: "json", value: 42 }],
    ]);
    expect(loop.messages[0]?.content).toContainEqual({ kind: "reasoning", text: "I add." });
    expect(model.requests.map((request) => request.messages.length)).toEqual([1, 3, 5]);
  });

  it("lets the model read every failure and keeps the order of the calls (rows 82, S10)", async () => {
    const model = new ScriptedModel([
      reply.toolCalls([
        { name: "fail" },
        { name: "add", argumentsText: '{"a": 1' },
        { name: "nope", arguments: {} },
        { name: "add", arguments: { a: 1, b: 2 } },
      ]),
      "done",
    ]);
    const records: ToolCallRecord[] = [];
    const { messages: generated } = await toolLoop({
      model,
      messages,
      tools: [add, fail],
      onCall: (record) => records.push(record),
    });
    const results = resultsOf(generated);
    expect(results.map((part) => part.status)).toEqual(["error", "error", "error", "ok"]);
    expect(results[0]?.content).toEqual([{ kind: "text", text: "the printer is on fire" }]);
    expect(JSON.stringify(results[1]?.content)).toContain("not valid JSON");
    expect(JSON.stringify(results[2]?.content)).toContain("There are: add, fail.");
    const codes = new Map(
      records.map(({ call, outcome }) => [`${call.toolName} ${call.arguments}`, outcome.failure?.code]),
    );
    expect(Object.fromEntries(codes)).toEqual({
      "fail {}": "tool.failed",
      'add {"a": 1': "tool.invalid_arguments",
      "nope {}": "tool.not_found",
      'add {"a":1,"b":2}': undefined,
    });
  });

  it("is bounded, and leaves no call without a result (S11)", async () => {
    const model = new ScriptedModel(() => reply.toolCall("add", { a: 1, b: 1 }));
    const loop = await toolLoop({ model, messages, tools: [add], maxIterations: 3 });
    expect(loop).toMatchObject({ stopReason: "max-iterations", iterations: 3 });
    expect(resultsOf(loop.messages).map((part) => part.status)).toEqual(["ok", "ok", "cancelled"]);
    await expect(toolLoop({ model, messages, tools: [], maxIterations: 0 })).rejects.toMatchObject({
      code: "config.invalid_option",
    });
  });

  it("ends on an empty answer instead of looping (S11)", async () => {
    const loop = await toolLoop({ model: new ScriptedModel([reply.parts([])]), messages, tools: [add] });
    expect(loop).toMatchObject({ stopReason: "finished", iterations: 1 });
  });

  it("asks before a tool that needs approval, and denies without anybody to ask", async () => {
    let runs = 0;
    const pay = tool({
      name: "pay",
      description: "Pays",
      input: z.object({}),
      approval: true,
      execute: () => (runs += 1),
    });
    const statuses: string[] = [];
    for (const approve of [undefined, async () => false, async () => true]) {
      const model = new ScriptedModel([reply.toolCall("pay"), "done"]);
      const { messages: generated } = await toolLoop({ model, messages, tools: [pay], approve });
      statuses.push(...resultsOf(generated).map((part) => part.status));
    }
    expect([statuses, runs]).toEqual([["denied", "denied", "ok"], 1]);
  });

  it("takes workbenches beside tools and reports progress", async () => {
    const stream = tool({
      name: "stream",
      description: "s",
      input: z.object({}),
      async *execute() {
        yield "half";
        return "whole";
      },
    });
    const progress: unknown[] = [];
    const model = new ScriptedModel([
      reply.toolCalls([{ name: "stream" }, { name: "add", arguments: { a: 1, b: 1 } }]),
      "done",
    ]);
    await toolLoop({
      model,
      messages,
      tools: [add, staticWorkbench([stream])],
      onProgress: (call, value) => progress.push([call.toolName, value]),
    });
    expect(progress).toEqual([["stream", "half"]]);
    expect(model.requests[0]?.tools?.map((declaration) => declaration.name)).toEqual(["add", "stream"]);
  });

  it("rejects with the signal's reason when it aborts during a tool, after the tool has ended", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    let ended = false;
    const slow = tool({
      name: "slow",
      description: "s",
      input: z.object({}),
      execute: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            ended = true;
            reject(signal.reason);
          });
          controller.abort(reason);
        }),
    });
    const seen: ModelMessage[] = [];
    const model = new ScriptedModel([reply.toolCall("slow"), "never"]);
    const loop = toolLoop({
      model,
      messages,
      tools: [slow],
      signal: controller.signal,
      onMessage: (message) => seen.push(message),
    });
    await expect(loop).rejects.toBe(reason);
    expect(ended).toBe(true);
    expect(resultsOf(seen).map((part) => part.status)).toEqual(["cancelled"]);
  });
});
