import assert from "node:assert/strict";
import { AssistantAgent, type RunEvent } from "troupe";
import { ScriptedModel, reply } from "troupe/testing";

const model = new ScriptedModel([reply.text("One small step for an agent.", { chunkSize: 5 })]);
const agent = new AssistantAgent({ name: "astronaut", model });

let streamed = "";
let said = "";
function render(event: RunEvent): void {
  if (event.kind === "text-delta") streamed += event.delta;
  if (event.kind === "message" && event.message.source === "astronaut") said = event.message.text;
}

const run = agent.run("Say something.");
for await (const event of run) render(event);
const result = await run;
assert.equal(said, "One small step for an agent.");
assert.equal(result.text, said);
assert.ok(streamed === "" || said.startsWith(streamed) || streamed.endsWith(said));
