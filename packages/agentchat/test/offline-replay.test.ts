import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  MaxMessageTermination,
  type Runner,
  RoundRobinGroupChat,
  TokenUsageTermination,
} from "@troupe/agentchat";
import { type AgentDefinition, InProcessRuntime, type MemoryStore, replayCell } from "@troupe/core";
import { type ChatModel, jsonSchema, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { Machine } from "./support/processes.ts";

/** Asks its model and then throws: what its turn has cost is all that is left of it. */
class Wasteful extends BaseChatAgent {
  readonly #model: ChatModel;

  constructor(model: ChatModel) {
    super({ name: "wasteful" });
    this.#model = model;
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext) {
    await context.callModel({
      model: this.#model,
      request: { messages: [{ role: "user", content: [{ kind: "text", text: `${messages.length}` }] }] },
    });
    if (messages.length >= 0) throw new Error("never done");
    return this.reply("never said");
  }
}

function createTeam(): RoundRobinGroupChat {
  const worker = new ScriptedModel((request) =>
    request.messages.at(-1)?.role === "tool" ? "done" : reply.toolCalls([{ name: "look" }, { name: "none" }]),
  );
  const look = tool({
    name: "look",
    description: "Looks",
    input: jsonSchema<object>({ type: "object" }),
    idempotent: true,
    execute: () => "seen",
  });
  const inner = new RoundRobinGroupChat({
    name: "inner",
    participants: [new AssistantAgent({ name: "checker", model: new ScriptedModel(() => "fine") })],
    maxTurns: 2,
  });
  return new RoundRobinGroupChat({
    name: "team",
    participants: [
      new AssistantAgent({ name: "worker", model: worker, tools: [look] }),
      inner,
      new Wasteful(new ScriptedModel(() => "wasted")),
    ],
    onError: "skip",
    loops: "off",
    termination: new TokenUsageTermination({ total: 1_500 }).or(new MaxMessageTermination(40)),
  });
}

/** Keeps what is registered, so that it can be handed to a replay. */
class CollectingRuntime extends InProcessRuntime {
  readonly agents: AgentDefinition[] = [];

  override register(agent: AgentDefinition): Promise<void> {
    this.agents.push(agent);
    return super.register(agent);
  }
}

async function replayOffline(store: MemoryStore, team: Runner<unknown>) {
  await using runtime = new CollectingRuntime();
  await team.register(runtime);
  const records = store.read("team/r");
  const recorded = records.flatMap((record) => ("events" in record ? (record.events ?? []) : []));
  return { recorded, replay: await replayCell({ records, agents: runtime.agents }) };
}

describe("a stored run, replayed offline", () => {
  it("M6: gives the identical events, also where costs decided and processes died", async () => {
    let lost = 0;
    let wasted = 0;
    for (let afterWrites = 1; afterWrites <= 24; afterWrites++) {
      await using machine = new Machine();
      const first = machine.start();
      first.kill(afterWrites);
      createTeam()
        .run("go", { runtime: first.runtime, runId: "r" })
        .handle.result()
        .catch(() => {});
      await first.settled();
      const result = await createTeam().run("go", { runtime: machine.start().runtime, runId: "r" });
      expect(result.stopReason.condition).toContain("TokenUsageTermination");
      const { recorded, replay } = await replayOffline(machine.store, createTeam());
      expect(replay.mismatches.map(({ error }) => error.message)).toEqual([]);
      expect(replay.events).toEqual(recorded);
      const called = recorded.filter((event) => event.kind === "model-called");
      expect(result.usage.total.calls).toBe(called.length);
      const ofWasteful = called.filter((event) => event.path.at(-1) === "wasteful").length;
      expect(result.usage.byAgent["wasteful"]?.calls ?? 0).toBe(ofWasteful);
      wasted += ofWasteful;
      lost += called.filter((event) => JSON.stringify(event.payload).includes('"isEstimated":true')).length;
    }
    expect(lost).toBeGreaterThan(2);
    expect(wasted).toBeGreaterThan(20);
  });
});
