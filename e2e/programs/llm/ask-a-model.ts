import assert from "node:assert/strict";
import { type ChatModel, type ModelRequest, resultText } from "@troupe/llm";
import { ScriptedModel } from "@troupe/llm/testing";

async function ask(model: ChatModel, question: string, signal?: AbortSignal): Promise<string> {
  const request: ModelRequest = {
    messages: [
      { role: "system", content: "You are brief." },
      { role: "user", content: [{ kind: "text", text: question }] },
    ],
    temperature: 0,
    signal,
  };
  return resultText(await model.generate(request));
}

const model = new ScriptedModel(["Forty-two."]);
assert.equal(await ask(model, "How much is 20 + 22?"), "Forty-two.");
assert.equal(model.requests[0]?.messages.length, 2);
