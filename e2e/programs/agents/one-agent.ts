import assert from "node:assert/strict";
import { AssistantAgent } from "troupe";
import { ScriptedModel } from "troupe/testing";

const agent = new AssistantAgent({
  name: "poet",
  model: new ScriptedModel(["Roses are red."]),
  systemMessage: "You write one line.",
});
const result = await agent.run("A line about roses, please.");
assert.equal(result.text, "Roses are red.");
assert.ok(result.usage.total.outputTokens > 0);
