import assert from "node:assert/strict";
import { AssistantAgent, MaxMessageTermination, RoundRobinGroupChat } from "troupe";
import { ScriptedModel } from "troupe/testing";

const speaker = (name: string): AssistantAgent =>
  new AssistantAgent({ name, model: new ScriptedModel((_request, { turn }) => `${name} ${turn}`) });
const team = new RoundRobinGroupChat({
  name: "panel",
  participants: [speaker("a"), speaker("b")],
  termination: new MaxMessageTermination(5),
});
const run = team.run("Discuss.");
const sequences: number[] = [];
const sources: string[] = [];
for await (const event of run) {
  if ("sequence" in event) sequences.push(event.sequence);
  if (event.kind === "message") sources.push(event.message.source);
}
const { stopReason } = await run;
assert.equal(stopReason.kind, "condition");
assert.deepEqual(sources.slice(-4), ["a", "b", "a", "b"]);
assert.ok(sequences.every((sequence, index) => index === 0 || sequence >= (sequences[index - 1] ?? 0)));
