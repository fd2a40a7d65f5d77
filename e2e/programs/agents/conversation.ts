import assert from "node:assert/strict";
import { AssistantAgent } from "troupe";
import { ScriptedModel } from "troupe/testing";

const model = new ScriptedModel(["A lamp.", "A desk."]);
const clerk = new AssistantAgent({ name: "clerk", model });
const chat = clerk.session("ada");
await chat.run("What did Ada order in May?");
const second = await chat.run("And in June?");
assert.equal(second.text, "A desk.");
const words = JSON.stringify(model.requests[1]?.messages);
assert.ok(words.includes("A lamp."), "the second question comes with the first answer");
assert.ok((await chat.messages()).length >= 4);
await chat.reset();
assert.equal((await chat.messages()).length, 0);
await clerk.close();
