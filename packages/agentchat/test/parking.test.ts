import {
  AssistantAgent,
  type DurableRunEvent,
  MaxMessageTermination,
  RoundRobinGroupChat,
  UserProxyAgent,
} from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

/** A runtime that drops the frame of every turn that waits: what comes after a wait is replayed (C17). */
const parking = (): InProcessRuntime => new InProcessRuntime({ parkAfterMs: 0 });

function shop(paid: number[]) {
  const model = new ScriptedModel([
    reply.toolCalls([
      { name: "look", arguments: {} },
      { name: "pay", arguments: { cents: 500 } },
      { name: "pay", arguments: { cents: 700 } },
    ]),
    reply.toolCall("pay", { cents: 900 }),
    "Paid.",
  ]);
  const pay = tool({
    name: "pay",
    description: "Pays",
    input: z.object({ cents: z.number() }),
    approval: true,
    execute: ({ cents }) => {
      paid.push(cents);
      return "paid";
    },
  });
  const look = tool({ name: "look", description: "Looks", input: z.object({}), execute: () => "seen" });
  return { model, agent: new AssistantAgent({ name: "payer", model, tools: [pay, look] }) };
}

async function durable(run: {
  events(): AsyncIterable<{ readonly isLive: boolean }>;
}): Promise<readonly DurableRunEvent[]> {
  const events: DurableRunEvent[] = [];
  for await (const event of run.events()) if (!event.isLive) events.push(event as DurableRunEvent);
  return events;
}

describe("a turn that is parked at a question", () => {
  it("asks, calls and records everything once, whatever the order of the answers", async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const paid: number[] = [];
      await using runtime = parking();
      const { agent, model } = shop(paid);
      const run = agent.run("Pay.", { runtime, runId: `pay-${order.join("")}` });
      const watching = durable(run);
      const rest = await run;
      expect(rest.questions).toHaveLength(2);
      expect(runtime.stats().parkedTurns).toBe(1);
      for (const index of order) await run.respond(rest.questions[index]?.id ?? "", { approved: true });
      const second = await run;
      expect(second.stopReason.kind).toBe("input-required");
      expect(second.questions).toHaveLength(1);
      await run.respond(second.questions[0]?.id ?? "", { approved: false });
      expect((await run).text).toBe("Paid.");
      expect(new Set(paid)).toEqual(new Set([500, 700]));
      expect(paid).toHaveLength(2);
      expect(model.calls).toBe(3);
      const events = await watching;
      expect(events.map((event) => event.sequence)).toEqual(events.map((_, index) => index + 1));
      const count = (kind: string): number => events.filter((event) => event.kind === kind).length;
      expect(
        ["model-called", "tool-call-requested", "tool-call-finished", "question-asked", "question-answered"].map(count),
      ).toEqual([3, 2, 4, 3, 3]);
      expect((await run).usage.total.calls).toBe(3);
    }
  });

  it("can be cancelled, and the session goes on", async () => {
    await using runtime = parking();
    const team = new RoundRobinGroupChat({
      name: "refunds",
      participants: [
        new AssistantAgent({ name: "clerk", model: new ScriptedModel(() => "Refund?") }),
        new UserProxyAgent({ name: "person" }),
      ],
      termination: new MaxMessageTermination(3),
    });
    const chat = team.session("s", { runtime });
    const run = chat.run("Broken.");
    expect((await run).stopReason.kind).toBe("input-required");
    await run.cancel("never mind");
    expect((await run).stopReason).toMatchObject({ kind: "cancelled", detail: "never mind" });
    expect(runtime.waits()).toEqual([]);
    const next = await chat.run("Again.", { onQuestion: () => "yes" });
    expect(next.stopReason.kind).toBe("condition");
  });
});
