import assert from "node:assert/strict";
import type { ModelEvent } from "@troupe/llm";
import { ScriptedModel, reply } from "@troupe/llm/testing";

const model = new ScriptedModel([reply.text("One small step for a model.", { chunkSize: 4, reasoning: "Be famous." })]);
let text = "";
let thought = "";

function show(event: ModelEvent): void {
  switch (event.kind) {
    case "text-delta":
      text += event.delta;
      break;
    case "reasoning-delta":
      thought += event.delta;
      break;
    case "tool-call-delta":
    case "tool-call":
      throw new Error("no tool was offered");
    case "finish":
      assert.equal(event.result.finishReason, "stop");
  }
}

for await (const event of model.stream({ messages: [{ role: "user", content: [{ kind: "text", text: "Go." }] }] })) {
  show(event);
}
assert.equal(text, "One small step for a model.");
assert.equal(thought, "Be famous.");
