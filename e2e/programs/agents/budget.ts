import assert from "node:assert/strict";
import { AssistantAgent, tool } from "troupe";
import { ScriptedModel, reply } from "troupe/testing";
import { z } from "zod";

const dice = tool({
  name: "roll",
  description: "Rolls a die",
  input: z.object({ sides: z.number().int().min(2) }),
  execute: ({ sides }) => `a number up to ${sides}`,
});
// A model that never stops asking: each request gets another call with other arguments.
const restless = new ScriptedModel((_request, { index }) => reply.toolCall("roll", { sides: index + 2 }));
const gambler = new AssistantAgent({ name: "gambler", model: restless, tools: [dice], maxToolIterations: 1000 });
const result = await gambler.run("Roll until you win.", { budget: { modelCalls: 5 } });
assert.equal(result.stopReason.kind, "budget");
assert.equal(restless.calls, 5);
