import assert from "node:assert/strict";
import { AssistantAgent, MaxMessageTermination, RoundRobinGroupChat } from "troupe";
import { ScriptedModel } from "troupe/testing";

const echo = new AssistantAgent({
  name: "echo",
  model: new ScriptedModel(({ messages }) => {
    const last = messages.at(-1);
    return last?.role === "user" ? last.content.map((part) => (part.kind === "text" ? part.text : "")).join("") : "?";
  }),
});
const team = new RoundRobinGroupChat({
  name: "echoes",
  participants: [echo],
  termination: new MaxMessageTermination(2),
});
const tasks = Array.from({ length: 50 }, (_, index) => `task ${index}`);
const results = await Promise.all(tasks.map((task) => team.run(task)));
results.forEach((result, index) => assert.ok(result.text.includes(`task ${index}`), result.text));
