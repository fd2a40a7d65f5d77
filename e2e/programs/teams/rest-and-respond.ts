import assert from "node:assert/strict";
import { AssistantAgent, MaxMessageTermination, RoundRobinGroupChat, UserProxyAgent } from "troupe";
import { ScriptedModel } from "troupe/testing";

const team = new RoundRobinGroupChat({
  name: "refunds",
  participants: [
    new AssistantAgent({ name: "clerk", model: new ScriptedModel(["Refund order 1042?"]) }),
    new UserProxyAgent({ name: "person" }),
  ],
  termination: new MaxMessageTermination(3),
});

const run = team.run("Order 1042 arrived broken.");
const rest = await run;
assert.equal(rest.stopReason.kind, "input-required");
const [question] = rest.questions;
assert.ok(question);
await run.respond(question.id, "no");
const end = await run.handle.result();
assert.equal(end.stopReason.kind, "condition");
assert.equal(end.text, "no");
await team.close();
