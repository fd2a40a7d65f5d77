import assert from "node:assert/strict";
import { AssistantAgent } from "troupe";
import { ScriptedModel, reply } from "troupe/testing";

const model = new ScriptedModel([reply.hang(), reply.hang(), "Back again."]);
const agent = new AssistantAgent({ name: "sleeper", model });

const run = agent.run("Think for ever.");
setTimeout(() => void run.cancel("enough"), 20);
const result = await run;
assert.equal(result.stopReason.kind, "cancelled");

const controller = new AbortController();
const reason = new Error("the user left");
setTimeout(() => controller.abort(reason), 20);
await assert.rejects(agent.run("Think again.", { signal: controller.signal }), (error) => error === reason);

assert.equal((await agent.run("Still there?")).text, "Back again.");
