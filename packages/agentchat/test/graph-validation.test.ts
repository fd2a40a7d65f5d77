import {
  type DiGraph,
  DiGraphBuilder,
  type DiGraphEdge,
  GraphFlow,
  type GraphFlowOptions,
  MaxMessageTermination,
} from "@troupe/agentchat";
import { ConfigError } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { flowOf, graphOf, Speaker } from "./support/graph-agents.ts";

/** What a graph is refused for: message and details; undefined when it is taken. */
function refusal(work: () => unknown): { message: string; details: unknown; remedy: string } | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError) || error.code !== "config.invalid_graph") throw error;
    return { message: error.message, details: error.details, remedy: error.remedy };
  }
}

function refusalOf(graph: DiGraph, options: Partial<GraphFlowOptions> = {}): ReturnType<typeof refusal> {
  return refusal(() => flowOf(graph, {}, options));
}

/** A graph with edges that words cannot say. */
function graphWith(edges: Readonly<Record<string, readonly DiGraphEdge[]>>, defaultStartNode?: string): DiGraph {
  const nodes = Object.entries(edges).map(([name, leaving]) => ({ name, edges: leaving }));
  return { nodes, ...(defaultStartNode !== undefined && { defaultStartNode }) };
}

const startingAt = (start: string, text: string): DiGraph => ({ ...graphOf(text), defaultStartNode: start });
const about = (reason: string, ...nodes: readonly string[]): object => ({ details: { reason, nodes } });

describe("a graph is refused when it is built", () => {
  it("without nodes, a start or a leaf", () => {
    const nobody = refusal(() => new GraphFlow({ participants: [new Speaker("a")], graph: { nodes: [] } }));
    expect(nobody).toMatchObject(about("no-nodes"));
    expect(refusalOf(graphOf("a >x> b >y> c; b > a"))).toMatchObject(about("no-start", "a", "b", "c"));
    const round = refusalOf(startingAt("a", "a > b; b >again> a"));
    expect(round).toMatchObject(about("no-leaf", "a", "b", "a"));
    expect(round?.message).toContain("a -> b -> a");
  });

  it("with names that are unknown or twice", () => {
    expect(refusalOf(graphWith({ a: [{ target: "ghost" }] }))).toMatchObject(about("unknown-target", "a", "ghost"));
    expect(refusalOf(startingAt("ghost", "a > b"))).toMatchObject(about("unknown-start", "ghost"));
    const participants = [new Speaker("a")];
    const twice = refusal(() => new GraphFlow({ participants, graph: { nodes: [{ name: "a" }, { name: "a" }] } }));
    expect(twice).toMatchObject(about("duplicate-node", "a"));
  });

  it("with nodes that nobody plays, and participants that are no node", () => {
    const graph = graphOf("a > b");
    const one = refusal(() => new GraphFlow({ participants: [new Speaker("a")], graph }));
    expect(one).toMatchObject(about("node-without-participant", "b"));
    const three = [new Speaker("a"), new Speaker("b"), new Speaker("c")];
    expect(refusal(() => new GraphFlow({ participants: three, graph }))).toMatchObject(
      about("participant-without-node", "c"),
    );
  });

  it("with nodes that no way leads to", () => {
    const lost = refusalOf(startingAt("a", "a > b; c > d"));
    expect(lost).toMatchObject(about("unreachable-node", "c", "d"));
    expect(lost?.message).toBe('Nodes "c", "d" cannot be reached from "a"');
    // A cycle apart from the rest has no start of its own.
    expect(refusalOf(graphOf("a > b; c >x> d >y> b; d > c"))).toMatchObject(about("unreachable-node", "c", "d"));
  });

  it("with edges of which some have a condition and some have none", () => {
    expect(refusalOf(graphOf("a >yes> b > c"))).toMatchObject(about("mixed-conditions", "a"));
    const test = (): boolean => true;
    const mixed = graphWith({ a: [{ target: "b", condition: test }, { target: "c" }], b: [], c: [] });
    expect(refusalOf(mixed)).toMatchObject(about("mixed-conditions", "a"));
    // An edge for errors has no condition, whatever the others have.
    const withError = graphWith({
      a: [
        { target: "b", condition: "yes" },
        { target: "c", on: "error" },
      ],
      b: [],
      c: [],
    });
    expect(refusalOf(withError, { onError: "skip" })).toBeUndefined();
  });

  it("with a group whose edges disagree", () => {
    const graph = graphWith({
      a: [{ target: "d", activationCondition: "all" }],
      b: [{ target: "d", activationCondition: "any" }],
      d: [],
    });
    expect(refusalOf(graph)?.message).toBe(
      'Conflicting activation conditions for node "d", group "d": "all" (edge from "a") and "any" (edge from "b")',
    );
    const apart = graphWith({
      a: [{ target: "d", activationCondition: "all" }],
      b: [{ target: "d", activationCondition: "any", activationGroup: "other" }],
      d: [],
    });
    expect(refusalOf(apart)).toBeUndefined();
  });

  it("with a cycle that nothing ends, and names its path", () => {
    const endless = refusalOf(startingAt("s", "s > a > e; a > b; b > c; c > a"));
    expect(endless).toMatchObject(about("cycle-without-condition", "a", "b", "c", "a"));
    expect(endless?.message).toContain("a -> b -> c -> a");
    expect(refusalOf(graphOf("s > a > e; a > a"))).toMatchObject(about("cycle-without-condition", "a", "a"));
    // The condition of another cycle through the same nodes is no way out of this one.
    const second = graphWith({
      s: [{ target: "a" }],
      a: [{ target: "b" }, { target: "c" }],
      b: [{ target: "a", activationGroup: "back" }],
      c: [
        { target: "a", condition: "again", activationGroup: "again" },
        { target: "e", condition: "done" },
      ],
      e: [],
    });
    expect(refusalOf(second)).toMatchObject(about("cycle-without-condition", "a", "b", "a"));
  });

  it("with a cycle that no edge leads out of", () => {
    const graph = graphWith({
      s: [{ target: "e" }, { target: "a" }],
      a: [{ target: "b" }],
      b: [{ target: "a", condition: "again", activationGroup: "back" }],
      e: [],
    });
    expect(refusalOf(graph)).toMatchObject(about("cycle-without-exit", "a", "b", "a"));
  });

  it("with a join that waits for what only comes after it", () => {
    const stuck = refusalOf(startingAt("a", "a > b; b > c; c >again> b >done> d"));
    expect(stuck).toMatchObject(about("unsatisfiable-join", "b", "a", "c"));
    expect(stuck?.message).toContain('one of them runs only after "b"');
    expect(stuck?.remedy).toContain("activation group");
    // The join is named, not one behind it that waits for the join.
    const behind = refusalOf({ nodes: graphOf("x > z; a > b > x; b > c; c >again> b >done> x").nodes });
    expect(behind).toMatchObject(about("unsatisfiable-join", "b", "a", "c"));
  });

  it("with a join of branches that exclude each other", () => {
    const graph = graphOf("a >yes> b >no> c; b > d; c > d");
    const stuck = refusalOf(graph);
    expect(stuck).toMatchObject(about("unsatisfiable-join", "d", "a", "b", "c"));
    expect(stuck?.message).toContain('"a" goes only one of the ways');
    const behind = graphOf("e; a >yes> b >no> c; b > d > e; c > d; d > e");
    expect(refusalOf({ nodes: behind.nodes })).toMatchObject(about("unsatisfiable-join", "d", "a", "b", "c"));
    const any = graph.nodes.map((node) => (node.name === "d" ? { ...node, activation: "any" as const } : node));
    expect(refusalOf({ nodes: any })).toBeUndefined();
    // Tests may both hold; a text that contains the other implies it; a node that runs again may take the other way.
    const tests = graphWith({
      a: [
        { target: "b", condition: ({ text }) => text !== "" },
        { target: "c", condition: "no" },
      ],
      b: [{ target: "d" }],
      c: [{ target: "d" }],
      d: [],
    });
    expect(refusalOf(tests)).toBeUndefined();
    expect(refusalOf(graphOf("a >no> b >not> c; b > d; c > d"))).toBeUndefined();
    // Failing excludes answering.
    const failing = graphWith({
      a: [{ target: "b" }, { target: "c", on: "error" }],
      b: [{ target: "d" }],
      c: [{ target: "d" }],
      d: [],
    });
    expect(refusalOf(failing, { onError: "skip" })).toMatchObject(about("unsatisfiable-join", "d", "a", "b", "c"));
  });

  it("with edges that can never be taken, or always are", () => {
    expect(refusalOf(graphWith({ a: [{ target: "b", condition: "" }], b: [] }))).toMatchObject(
      about("invalid-edge", "a", "b"),
    );
    const both = graphWith({ a: [{ target: "b", condition: "x", on: "error" }], b: [] });
    expect(refusalOf(both, { onError: "skip" })).toMatchObject(about("invalid-edge", "a", "b"));
    const unused = graphWith({ a: [{ target: "b", on: "error" }], b: [] });
    expect(refusalOf(unused)).toMatchObject(about("error-edge-unused", "a"));
    expect(refusalOf(unused, { onError: "retry" })).toMatchObject(about("error-edge-unused", "a"));
    expect(refusalOf(unused, { onError: "feed-back" })).toBeUndefined();
  });

  it("with a cycle and nothing that bounds a run: the default budget does", () => {
    const loop = startingAt("a", "a > b; b >again> a >done> c");
    expect(refusalOf(loop)).toBeUndefined();
    expect(refusalOf(loop, { budget: "unbounded" })).toMatchObject({ details: { reason: "unbounded-cycle" } });
    expect(refusalOf(loop, { budget: "unbounded", maxTurns: 9 })).toBeUndefined();
    expect(refusalOf(loop, { budget: "unbounded", termination: new MaxMessageTermination(9) })).toBeUndefined();
    expect(refusalOf(graphOf("a > b"), { budget: "unbounded" })).toBeUndefined();
  });

  it("however long it is, in little time", () => {
    const names = Array.from({ length: 3000 }, (_, index) => `n${index}`);
    const line = names.map((name, index) => `${name} > n${index + 1}`).join("; ");
    expect(refusalOf(startingAt("n0", `${line}; n3000 > n1`))).toMatchObject({
      details: { reason: "cycle-without-condition" },
    });
  });
});

describe("a graph is taken", () => {
  it("with several cycles, apart or through one node", () => {
    const hub = graphWith(
      {
        a: [{ target: "o" }],
        o: [
          { target: "x", condition: "to_x" },
          { target: "y", condition: "to_y" },
          { target: "e", condition: "exit" },
        ],
        x: [{ target: "o", condition: "back", activationGroup: "x" }],
        y: [{ target: "o", activationGroup: "y" }],
        e: [],
      },
      "a",
    );
    expect(refusalOf(hub)).toBeUndefined();
    expect(refusalOf(graphOf("s > a > c; a >again> b >done> e; b > x; x > a"))).toMatchObject({
      details: { reason: "unsatisfiable-join" },
    });
  });
});

describe("the builder", () => {
  const [a, b, c] = [new Speaker("a"), new Speaker("b"), new Speaker("c")];

  it("is fluent, keeps the order of insertion and gives the same data each time", () => {
    const builder = new DiGraphBuilder()
      .addNode(c, { activation: "any" })
      .addNode(a)
      .addNode(b)
      .addNode(a)
      .addEdge(a, "b")
      .addConditionalEdges(b, { yes: a, no: c })
      .setEntryPoint(a);
    expect(builder.getParticipants()).toEqual([c, a, b]);
    const graph = builder.build();
    expect(graph).toEqual({
      nodes: [
        { name: "c", edges: [], activation: "any" },
        { name: "a", edges: [{ target: "b" }], activation: "all" },
        {
          name: "b",
          edges: [
            { target: "a", condition: "yes" },
            { target: "c", condition: "no" },
          ],
          activation: "all",
        },
      ],
      defaultStartNode: "a",
    });
    expect(JSON.stringify(builder.build())).toBe(JSON.stringify(graph));
    expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
  });

  it("gives a graph that later edges do not change", () => {
    const builder = new DiGraphBuilder().addNode(a).addNode(b).addNode(c).addEdge(a, b).addEdge(a, c);
    const graph = builder.build();
    builder.addEdge(b, c);
    expect(graph.nodes[1]?.edges).toEqual([]);
  });

  it("refuses ends that are no node, and another participant of a known name", () => {
    const builder = new DiGraphBuilder().addNode(a).addNode(b);
    expect(refusal(() => builder.addEdge(a, "ghost"))).toMatchObject(about("unknown-node", "ghost"));
    expect(refusal(() => builder.addEdge("ghost", a))).toMatchObject(about("unknown-node", "ghost"));
    expect(refusal(() => builder.addEdge(a, c))).toMatchObject(about("unknown-node", "c"));
    expect(refusal(() => builder.setEntryPoint(c))).toMatchObject(about("unknown-node", "c"));
    expect(() => builder.addNode(new Speaker("a"))).toThrow('called "a"');
  });

  it("refuses a graph that cannot work", () => {
    const builder = new DiGraphBuilder().addNode(a).addNode(b).addEdge(a, b).addEdge(b, a).setEntryPoint(a);
    expect(refusal(() => builder.build())).toMatchObject(about("cycle-without-condition", "a", "b", "a"));
  });
});
