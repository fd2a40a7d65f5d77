import assert from "node:assert/strict";
import { ModelError } from "@troupe/core";
import { type ModelRequest, resultText } from "@troupe/llm";
import { ScriptedModel, byTurn, cassette, reply } from "@troupe/llm/testing";

const question = (text: string): ModelRequest => ({ messages: [{ role: "user", content: [{ kind: "text", text }] }] });
const tape = cassette([
  { request: question("capital of France?"), reply: "Paris" },
  { request: question("capital of Peru?"), reply: reply.text("Lima", { usage: { inputTokens: 4, outputTokens: 1 } }) },
]);

const model = new ScriptedModel(tape);
assert.equal(resultText(await model.generate(question("capital of Peru?"))), "Lima");
assert.equal(resultText(await model.generate(question("capital of France?"))), "Paris");
await assert.rejects(model.generate(question("capital of Mars?")), ModelError);

const polite = new ScriptedModel(byTurn(["Hello.", "Goodbye."]));
assert.equal(resultText(await polite.generate(question("Hi"))), "Hello.");
assert.equal(resultText(await polite.generate(question("Hi again"))), "Hello.");
