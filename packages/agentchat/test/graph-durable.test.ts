import { type DiGraph, type DurableRunEvent, GraphFlow, type RunHandle } from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { flowOf, graphOf, type Lines, Speaker, speakers } from "./support/graph-agents.ts";

/** Round and round: two branches, a join of the first of them, a join of everything. */
const rounds: DiGraph = {
  nodes: [
    { name: "start", edges: [{ target: "left" }, { target: "right" }] },
    { name: "left", edges: [{ target: "first" }, { target: "both" }] },
    { name: "right", edges: [{ target: "first" }, { target: "both" }] },
    { name: "first", edges: [{ target: "both" }], activation: "any" },
    {
      name: "both",
      edges: [
        { target: "start", condition: "again", activationGroup: "back" },
        { target: "end", condition: "done" },
      ],
    },
    { name: "end" },
  ],
  defaultStartNode: "start",
};

function goRound(times: number): Readonly<Record<string, Lines>> {
  return { both: [...Array.from({ length: times }, (_, index) => `again ${index}`), "done"] };
}

async function eventsOf(run: RunHandle<unknown>): Promise<readonly DurableRunEvent[]> {
  const events: DurableRunEvent[] = [];
  for await (const event of run.events()) if (!event.isLive) events.push(event);
  return events;
}

describe("a run of a graph", () => {
  it("goes on from any of its events, as a copy, to the same end", async () => {
    await using runtime = new InProcessRuntime();
    await using flow = flowOf(rounds, goRound(1));
    const run = flow.run("go", { runtime, runId: "original" });
    const original = await run;
    const events = await eventsOf(run);
    expect(speakers(original.messages)).toHaveLength(11);
    for (const { sequence } of events.slice(0, -1)) {
      const { messages, stopReason } = await run.fork(sequence);
      // Branches end in any order.
      expect(speakers(messages).toSorted(), `from event ${sequence}`).toEqual(speakers(original.messages).toSorted());
      expect(stopReason.kind).toBe("graph-complete");
    }
  });

  it("remembers no more after 200 rounds than after two", async () => {
    const sizes: number[] = [];
    for (const times of [2, 200]) {
      await using flow = flowOf(rounds, goRound(times), { budget: "unbounded", maxTurns: 4 * times, loops: "off" });
      const chat = flow.session("s");
      expect((await chat.run("go")).stopReason.kind).toBe("max-turns");
      const [manager] = Object.values((await chat.snapshot()).agents);
      const stored = JSON.stringify(manager?.state);
      expect(stored).toContain("branchRounds");
      sizes.push(stored.length);
    }
    const [few = 0, many = 0] = sizes;
    expect(few).toBeGreaterThan(100);
    // Longer numbers are all that grows.
    expect(many - few).toBeLessThan(100);
  });

  it("fails when a test of an edge throws, once all that were at work have ended", async () => {
    const gate = Promise.withResolvers<void>();
    const { nodes } = graphOf("a > slow > quick; quick > end; slow > end");
    const graph: DiGraph = {
      nodes: nodes.map((node) => {
        if (node.name !== "quick") return node;
        const condition = (): boolean => {
          gate.resolve();
          throw new RangeError("boom");
        };
        return { ...node, edges: [{ target: "end", condition }] };
      }),
    };
    const before = (name: string): Promise<void> | undefined => (name === "slow" ? gate.promise : undefined);
    const participants = graph.nodes.map(({ name }) => new Speaker(name, [], before));
    await using flow = new GraphFlow({ participants, graph });
    const chat = flow.session("s");
    for (const again of [false, true]) {
      const failed = chat.run(again ? undefined : "go");
      await expect(failed).rejects.toMatchObject({ code: "team.edge_condition_failed" });
    }
  });
});
