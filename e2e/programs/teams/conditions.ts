import assert from "node:assert/strict";
import {
  AssistantAgent,
  MaxMessageTermination,
  RoundRobinGroupChat,
  TextMentionTermination,
  TimeoutTermination,
  TokenUsageTermination,
} from "troupe";
import { ScriptedModel } from "troupe/testing";

const chatter = (name: string): AssistantAgent =>
  new AssistantAgent({ name, model: new ScriptedModel((_request, { turn }) => `${name} says ${turn}`) });
const done = new TextMentionTermination("says 2").and(new MaxMessageTermination(4));
const enough = new TokenUsageTermination({ total: 100_000 }).or(new TimeoutTermination(60_000));
const team = new RoundRobinGroupChat({
  name: "talk",
  participants: [chatter("left"), chatter("right")],
  termination: done.or(enough),
});
const result = await team.run("Talk.");
assert.equal(result.stopReason.kind, "condition");
assert.ok(result.messages.length >= 4);
