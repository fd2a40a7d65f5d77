import assert from "node:assert/strict";
import { AssistantAgent, MaxMessageTermination, RoundRobinGroupChat, TextMentionTermination } from "troupe";
import { ScriptedModel } from "troupe/testing";

const writer = new AssistantAgent({ name: "writer", model: new ScriptedModel(["Draft.", "Better draft."]) });
const editor = new AssistantAgent({ name: "editor", model: new ScriptedModel(["Shorter.", "APPROVE"]) });
const team = new RoundRobinGroupChat({
  name: "desk",
  participants: [writer, editor],
  termination: new TextMentionTermination("APPROVE", { sources: ["editor"] }).or(new MaxMessageTermination(12)),
});
const result = await team.run("Write a headline.");
assert.equal(result.stopReason.kind, "condition");
assert.deepEqual(
  result.messages.map((message) => message.source),
  ["user", "writer", "editor", "writer", "editor"],
);
