import assert from "node:assert/strict";
import { type ModelMessage, type Tool, resultText, runToolCall, toResultPart, tool } from "@troupe/llm";
import { ScriptedModel, reply } from "@troupe/llm/testing";
import { z } from "zod";

const add = tool({
  name: "add",
  description: "Adds two numbers",
  input: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => a + b,
});
const tools = new Map<string, Tool>([[add.name, add]]);
const model = new ScriptedModel([reply.toolCall("add", { a: 20, b: 22 }), "It is 42."]);
const history: ModelMessage[] = [{ role: "user", content: [{ kind: "text", text: "20 + 22?" }] }];
const { signal } = new AbortController();

let answer = "";
while (answer === "") {
  const result = await model.generate({ messages: history, tools: [add.declaration], signal });
  history.push({ role: "assistant", content: result.content });
  const calls = result.content.filter((part) => part.kind === "tool-call");
  if (calls.length === 0) answer = resultText(result);
  for (const call of calls) {
    const known = tools.get(call.toolName);
    assert.ok(known);
    const context = { signal, callId: call.callId, idempotencyKey: call.callId, progress: () => undefined };
    const outcome = await runToolCall(known, call.arguments, context);
    history.push({ role: "tool", content: [toResultPart(call, outcome)] });
  }
}
assert.equal(answer, "It is 42.");
assert.equal(history.length, 4);
