import assert from "node:assert/strict";
import { AssistantAgent, MaxMessageTermination, RoundRobinGroupChat, printRun } from "troupe";
import { ScriptedModel } from "troupe/testing";

const team = new RoundRobinGroupChat({
  name: "greeters",
  participants: [new AssistantAgent({ name: "greeter", model: new ScriptedModel(["Hello there."]) })],
  termination: new MaxMessageTermination(2),
});
const result = await printRun(team.run("Greet me."));
assert.equal(result.text, "Hello there.");
