import { AssistantAgent, defineContext } from "@troupe/agentchat";
import { type AgentDefinition, InProcessRuntime, MemoryStore, replayCell } from "@troupe/core";
import { tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect, it } from "vitest";
import { z } from "zod";

const customer = defineContext("customer", z.object({ id: z.string() }));

/** Keeps what is registered, so that it can be handed to a replay. */
class CollectingRuntime extends InProcessRuntime {
  readonly agents: AgentDefinition[] = [];

  override register(agent: AgentDefinition): Promise<void> {
    this.agents.push(agent);
    return super.register(agent);
  }
}

it("L2: a run that ended as a loop replays offline to the identical events, without its context, policy or person", async () => {
  let decisions = 0;
  const look = tool({
    name: "look",
    description: "Looks",
    input: z.object({}),
    execute: (_, context) => `seen by ${customer.read(context).id}`,
  });
  const define = (): AssistantAgent =>
    new AssistantAgent({
      name: "clerk",
      model: new ScriptedModel(() => reply.toolCall("look")),
      tools: [look],
      needs: [customer],
      policy: (_call, { isApproved }) => {
        decisions += 1;
        return isApproved ? { kind: "allow" } : { kind: "ask" };
      },
    });
  const store = new MemoryStore({ isDurable: true });
  await using runtime = new InProcessRuntime({ store });
  const context = customer.of({ id: "ada" });
  const onQuestion = (): unknown => ({ approved: true });
  const result = await define().run("go", { runtime, runId: "r", context, onQuestion });
  expect(result.stopReason.kind).toBe("loop");
  expect(decisions).toBe(6);
  await using other = new CollectingRuntime();
  await define().register(other);
  const records = store.read("clerk/r");
  const recorded = records.flatMap((record) => ("events" in record ? (record.events ?? []) : []));
  const replay = await replayCell({ records, agents: other.agents });
  expect(replay.mismatches.map(({ error }) => error.message)).toEqual([]);
  expect(replay.events).toEqual(recorded);
  expect(decisions).toBe(6);
});
