import assert from "node:assert/strict";
import { AssistantAgent, MaxMessageTermination, RoundRobinGroupChat, UserProxyAgent } from "troupe";
import { ScriptedModel } from "troupe/testing";

const clerk = new AssistantAgent({ name: "clerk", model: new ScriptedModel(["Refund order 1042?"]) });
const person = new UserProxyAgent({ name: "person" });
const team = new RoundRobinGroupChat({
  name: "refunds",
  participants: [clerk, person],
  termination: new MaxMessageTermination(3),
});

// In place: the program answers.
const asked: string[] = [];
const answered = await team.run("Order 1042 arrived broken.", {
  onQuestion: async (question) => {
    asked.push(question.prompt);
    return "yes, refund it";
  },
});
assert.equal(asked.length, 1);
assert.equal(answered.text, "yes, refund it");
