import assert from "node:assert/strict";
import { AssistantAgent, RoundRobinGroupChat } from "troupe";
import { ScriptedModel } from "troupe/testing";

const speaker = (name: string): AssistantAgent =>
  new AssistantAgent({
    name,
    model: new ScriptedModel((_request, { turn }) => `${name} speaks for the ${turn}. time`),
  });
const team = new RoundRobinGroupChat({ name: "endless", participants: [speaker("a"), speaker("b")] });
const run = team.run("Talk.");
let messages = 0;
for await (const event of run) {
  if (event.kind === "message") messages += 1;
  if (messages === 4) await run.stop();
}
const result = await run;
assert.equal(result.stopReason.kind, "stopped");
