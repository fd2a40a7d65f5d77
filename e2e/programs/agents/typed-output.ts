import assert from "node:assert/strict";
import { AssistantAgent } from "troupe";
import { ScriptedModel } from "troupe/testing";
import { z } from "zod";

const Verdict = z.object({ approved: z.boolean(), reasons: z.array(z.string()) });
const judge = new AssistantAgent({
  name: "judge",
  model: new ScriptedModel(['{"approved":false,"reasons":["no receipt"]}']),
  output: Verdict,
});
const { output } = await judge.run("May order 1042 be refunded?");
const reasons: readonly string[] = output.reasons;
assert.equal(output.approved, false);
assert.deepEqual(reasons, ["no receipt"]);
