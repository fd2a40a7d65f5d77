import { type DiGraph, GraphFlow, type RunEvent } from "@troupe/agentchat";
import { describe, expect, it } from "vitest";
import { flowOf, graphOf, Speaker, speakers } from "./support/graph-agents.ts";

/** Agents that work until they are let go; who is at work can be awaited. */
class Workshop {
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();
  readonly #entered = new Map<string, PromiseWithResolvers<void>>();
  /** Names as they come and go: `+a`, `-a`. */
  readonly log: string[] = [];

  readonly work = async (name: string): Promise<void> => {
    this.log.push(`+${name}`);
    this.#at(this.#entered, name).resolve();
    await this.#at(this.#gates, name).promise;
    this.#gates.delete(name);
    this.#entered.delete(name);
    this.log.push(`-${name}`);
  };

  /** Resolves when the agent is in its turn. */
  async see(name: string): Promise<void> {
    await this.#at(this.#entered, name).promise;
  }

  /** Lets the agent's turn end, once it is there. */
  async release(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.see(name);
      this.#at(this.#gates, name).resolve();
    }
  }

  #at(map: Map<string, PromiseWithResolvers<void>>, name: string): PromiseWithResolvers<void> {
    const known = map.get(name) ?? Promise.withResolvers<void>();
    map.set(name, known);
    return known;
  }
}

function gated(graph: DiGraph, lines: Readonly<Record<string, readonly string[]>> = {}): [GraphFlow, Workshop] {
  const workshop = new Workshop();
  const participants = graph.nodes.map(({ name }) => new Speaker(name, lines[name], workshop.work));
  return [new GraphFlow({ name: "flow", participants, graph }), workshop];
}

const anyAt = (name: string, graph: DiGraph): DiGraph => ({
  ...graph,
  nodes: graph.nodes.map((node) => (node.name === name ? { ...node, activation: "any" as const } : node)),
});

describe("branches", () => {
  it("work at the same time, and go on without each other", async () => {
    const [flow, workshop] = gated(graphOf("a > slow > fast; slow > join; fast > next; next > join"));
    await using _flow = flow;
    const run = flow.run("go");
    await workshop.release("a");
    await workshop.see("slow");
    await workshop.release("fast", "next");
    await workshop.release("slow", "join");
    const result = await run;
    expect(speakers(result.messages)).toEqual(["a", "fast", "next", "slow", "join"]);
    expect(workshop.log).toEqual(["+a", "-a", "+slow", "+fast", "-fast", "+next", "-next", "-slow", "+join", "-join"]);
  });

  it("of one second each overlap", async () => {
    const spans = new Map<string, { from: number; to: number }>();
    const work = async (name: string): Promise<void> => {
      const from = performance.now();
      if (name !== "a") await new Promise((resolve) => setTimeout(resolve, 1000));
      spans.set(name, { from, to: performance.now() });
    };
    const graph = graphOf("a > b > c");
    await using flow = new GraphFlow({
      participants: ["a", "b", "c"].map((name) => new Speaker(name, [], work)),
      graph,
    });
    await flow.run("go");
    const [b, c] = [spans.get("b"), spans.get("c")];
    if (b === undefined || c === undefined) throw new Error("a branch did not run");
    // Most of the second, whatever else the machine does.
    expect(Math.min(b.to, c.to) - Math.max(b.from, c.from)).toBeGreaterThan(800);
  });
});

describe("G3: a join that waits for any branch", () => {
  it("starts with the first, before the other has ended, and once", async () => {
    const [flow, workshop] = gated(anyAt("join", graphOf("a > slow > fast; slow > join; fast > join; join > end")));
    await using _flow = flow;
    const run = flow.run("go");
    await workshop.release("a", "fast", "join", "end");
    await workshop.release("slow");
    const result = await run;
    expect(speakers(result.messages)).toEqual(["a", "fast", "join", "end", "slow"]);
    expect(result.stopReason.kind).toBe("graph-complete");
  });

  it("hears a late branch of the round when it runs again, and does not start for it", async () => {
    const graph = anyAt("join", graphOf("a > slow > fast; slow > join; fast > join; join >again> a >done> end"));
    const loop = { ...graph, defaultStartNode: "a" };
    const [flow, workshop] = gated(loop, { join: ["again", "done"] });
    await using _flow = flow;
    const run = flow.run("go");
    await workshop.release("a", "fast", "join");
    // The second round begins while the slow branch of the first is at work; it is to start again after that.
    await workshop.release("a");
    await workshop.see("fast");
    await workshop.release("slow");
    await workshop.see("slow");
    await workshop.release("slow", "join", "end", "fast");
    const result = await run;
    expect(speakers(result.messages)).toEqual(["a", "fast", "join", "a", "slow", "slow", "join", "end", "fast"]);
    expect(result.stopReason.kind).toBe("graph-complete");
  });

  it("starts again for a branch that comes again", async () => {
    const graph = graphOf("s > w; w >more> w >more> join >last> join; t > join");
    const nodes = graph.nodes.map((node) => {
      if (node.name === "join") return { ...node, activation: "any" as const };
      const edges = node.edges?.map((edge) =>
        edge.target === "w" && node.name === "w" ? { ...edge, activationGroup: "loop" } : edge,
      );
      return { ...node, edges };
    });
    const [flow, workshop] = gated({ nodes }, { w: ["more", "last"] });
    await using _flow = flow;
    const run = flow.run("go");
    await workshop.release("s", "t", "join");
    // The first of w is the other branch of that round; its second is a new one, although nothing led from the join to it.
    await workshop.release("w");
    await workshop.release("w");
    await workshop.release("join");
    expect(speakers((await run).messages).filter((name) => name === "join")).toHaveLength(2);
  });
});

describe("G1: a node", () => {
  it("that two groups start at once takes one turn for both", async () => {
    const graph: DiGraph = {
      nodes: [{ name: "a", edges: [{ target: "c" }, { target: "c", activationGroup: "other" }] }, { name: "c" }],
    };
    await using flow = flowOf(graph);
    expect(speakers((await flow.run("go")).messages)).toEqual(["a", "c"]);
  });

  it("that is started while it works takes another turn after it, and hears what came in between", async () => {
    const graph: DiGraph = {
      nodes: [
        { name: "a", edges: [{ target: "c", activationGroup: "one" }] },
        { name: "b", edges: [{ target: "c", activationGroup: "two" }] },
        { name: "c" },
      ],
    };
    const [flow, workshop] = gated(graph);
    await using _flow = flow;
    const run = flow.run("go");
    await workshop.release("a");
    await workshop.see("c");
    await workshop.release("b");
    await workshop.release("c");
    await workshop.release("c");
    const result = await run;
    expect(speakers(result.messages)).toEqual(["a", "b", "c", "c"]);
    expect(workshop.log.filter((entry) => entry.endsWith("c"))).toEqual(["+c", "-c", "+c", "-c"]);
  });
});

describe("G2: a join that waits for all branches", () => {
  it("starts once for each time that all have arrived", async () => {
    const graph = { ...graphOf("a > b > c; b > join; c > join; join >again> a >done> end"), defaultStartNode: "a" };
    await using flow = flowOf(graph, { join: ["again", "again", "done"] });
    const order = speakers((await flow.run("go")).messages);
    expect(order).toEqual(["a", "b", "c", "join", "a", "b", "c", "join", "a", "b", "c", "join", "end"]);
  });

  it("uses up what it has from a branch that has started its node through another group", async () => {
    // Both searches, or the archive and what stands in for the web.
    const graph: DiGraph = {
      nodes: [
        { name: "plan", edges: [{ target: "web" }, { target: "archive" }] },
        { name: "web", edges: [{ target: "check" }, { target: "library", on: "error" }] },
        { name: "archive", edges: [{ target: "check" }, { target: "check", activationGroup: "library" }] },
        { name: "library", edges: [{ target: "check", activationGroup: "library" }] },
        {
          name: "check",
          edges: [
            { target: "plan", condition: "MISSING", activationGroup: "again" },
            { target: "end", condition: "COMPLETE" },
          ],
        },
        { name: "end" },
      ],
      defaultStartNode: "plan",
    };
    const lines = { web: ["found", "!"], check: ["MISSING", "COMPLETE"] };
    await using flow = flowOf(graph, lines, { onError: "skip" });
    const { messages, stopReason } = await flow.run("go");
    const order = ["plan", "web", "archive", "check", "plan", "archive", "library", "check", "end"];
    expect(speakers(messages)).toEqual(order);
    expect(stopReason.kind).toBe("graph-complete");
  });

  it("counts a branch once that arrives twice before the others", async () => {
    const graph: DiGraph = {
      nodes: [
        { name: "a", edges: [{ target: "b" }, { target: "slow" }] },
        {
          name: "b",
          edges: [
            { target: "b", condition: ({ text }) => text === "twice", activationGroup: "loop" },
            { target: "join", condition: () => true },
          ],
        },
        { name: "slow", edges: [{ target: "join" }] },
        { name: "join" },
      ],
    };
    const [flow, workshop] = gated(graph, { b: ["twice"] });
    await using _flow = flow;
    const run = flow.run("go");
    await workshop.release("a", "b");
    await workshop.release("b");
    await workshop.release("slow", "join");
    const result = await run;
    expect(speakers(result.messages)).toEqual(["a", "b", "b", "slow", "join"]);
    expect(result.stopReason.kind).toBe("graph-complete");
  });
});

describe("G4: the order", () => {
  it("of starts and edges is the same in 100 runs", async () => {
    await using flow = flowOf(graphOf("z > m > k; y; x > m; m > c; k > b > a"), {}, { emitTeamEvents: true });
    const orders = new Set<string>();
    for (let count = 0; count < 100; count += 1) {
      const events: RunEvent[] = [];
      for await (const event of flow.run("go").events()) events.push(event);
      const selected = events.flatMap((event) => (event.kind === "speaker-selected" ? event.speakers : []));
      orders.add(selected.join());
    }
    expect([...orders]).toEqual(["z,y,x,k,m,b,a,c"]);
  });
});
