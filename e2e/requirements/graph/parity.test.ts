import { type ChatMessage, DiGraphBuilder, MaxMessageTermination } from "@troupe/agentchat";
import { expect } from "vitest";
import { verifies } from "../graph.ts";
import { thrownCode } from "../agentchat/fixtures.ts";
import { agents, type Edge, flow, Lines, loop, reasonOf, refused, who } from "./graph-cast.ts";

verifies("graph-114", "sequence, fan-out, join, several starts and separate parts run each node once", async () => {
  await using sequence = flow(agents("a b c"), [
    ["a", "b"],
    ["b", "c"],
  ]);
  expect(who((await sequence.run("x")).messages)).toBe("a b c");
  await using diamond = flow(agents("a b c d"), [
    ["a", "b"],
    ["a", "c"],
    ["b", "d"],
    ["c", "d"],
  ]);
  expect(who((await diamond.run("x")).messages)).toBe("a b c d");
  await using starts = flow(agents("a b c"), [
    ["a", "c"],
    ["b", "c"],
  ]);
  expect(who((await starts.run("x")).messages)).toBe("a b c");
  await using parts = flow(agents("a b c d"), [
    ["a", "b"],
    ["c", "d"],
  ]);
  expect(who((await parts.run("x")).messages)).toBe("a c b d");
});

verifies("graph-115", "a condition picks its branch only, by text and by function", async () => {
  for (const says of ["apple", "banana", "cherry"]) {
    const fruit = [new Lines("a", `one ${says} please`), ...agents("apple banana cherry")];
    const names = ["apple", "banana", "cherry"] as const;
    await using byText = flow(
      fruit,
      names.map((name) => ["a", name, { condition: name }] as const),
    );
    expect(who((await byText.run("x")).messages)).toBe(`a ${says}`);
    const test = (name: string) => (message: ChatMessage) => message.text.includes(name);
    await using byTest = flow(
      fruit,
      names.map((name) => ["a", name, { condition: test(name) }] as const),
    );
    expect(who((await byTest.run("x")).messages)).toBe(`a ${says}`);
  }
});

verifies("graph-116", "loops give the exact order of nodes", async () => {
  const decider = (): Lines => new Lines("b", "loop", "loop", "exit");
  await using exit = flow(
    [new Lines("a"), decider(), new Lines("c")],
    [
      ["a", "b"],
      ["b", "c", { condition: "exit" }],
      ["b", "a", { condition: "loop" }],
    ],
    { start: "a" },
  );
  expect(who((await exit.run("x")).messages)).toBe("a b a b a b c");
  await using self = flow(
    [new Lines("a"), decider(), new Lines("c")],
    [
      ["a", "b"],
      ["b", "c", { condition: "exit" }],
      ["b", "b", { condition: "loop", activationGroup: "b_loop" }],
    ],
    { start: "a" },
  );
  expect(who((await self.run("x")).messages)).toBe("a b b b c");
  await using hub = flow(
    [
      new Lines("a"),
      new Lines("o", "to_x", "to_y", "exit"),
      ...agents("b c"),
      new Lines("x", "to_o"),
      new Lines("y", "to_o"),
      new Lines("e"),
    ],
    [
      ["a", "b"],
      ["a", "c"],
      ["b", "o"],
      ["c", "o"],
      ["o", "x", { condition: "to_x" }],
      ["o", "y", { condition: "to_y" }],
      ["o", "e", { condition: "exit" }],
      ["x", "o", { condition: "to_o", activationGroup: "x_o_loop" }],
      ["y", "o", { condition: "to_o", activationGroup: "y_o_loop" }],
    ],
    { start: "a" },
  );
  expect(who((await hub.run("x")).messages)).toBe("a b c o x o y o e");
});

verifies("graph-117", "a join of any runs its node once", async () => {
  await using any = flow(agents("a b c d e"), [
    ["a", "b"],
    ["a", "c"],
    ["b", "d", { activationCondition: "any" }],
    ["c", "d", { activationCondition: "any" }],
    ["d", "e"],
  ]);
  const order = who((await any.run("x")).messages).split(" ");
  expect(order.toSorted()).toEqual(["a", "b", "c", "d", "e"]);
});

verifies("graph-118", "graphs that cannot work are refused, and cycles in several places accepted", () => {
  expect(reasonOf(() => new DiGraphBuilder().build())).toEqual(refused("no-nodes"));
  expect(
    reasonOf(() =>
      flow(
        agents("a b c"),
        [
          ["a", "b"],
          ["b", "a"],
        ],
        {},
      ),
    ),
  ).toEqual(refused("unreachable-node"));
  expect(
    reasonOf(() =>
      flow(agents("a b"), [
        ["a", "b"],
        ["b", "a", { condition: "x" }],
      ]),
    ),
  ).toEqual(refused("no-start"));
  const round: readonly Edge[] = [
    ["a", "b"],
    ["b", "a", { condition: "x" }],
  ];
  expect(reasonOf(() => flow(agents("a b"), round, { start: "a" }))).toEqual(refused("no-leaf"));
  expect(
    reasonOf(() =>
      flow(agents("a b c"), [
        ["a", "b", { condition: "x" }],
        ["a", "c"],
      ]),
    ),
  ).toEqual(refused("mixed-conditions"));
  expect(
    reasonOf(() =>
      flow(agents("a b c"), [
        ["a", "c", { activationCondition: "any" }],
        ["b", "c", { activationCondition: "all" }],
      ]),
    ),
  ).toEqual(refused("conflicting-group"));
  expect(() =>
    flow(
      agents("a b c d"),
      [
        ["a", "b"],
        ["b", "c"],
        ["c", "a"],
        ["a", "d"],
      ],
      { start: "a" },
    ),
  ).toThrow("a -> b -> c -> a");
  const two: readonly Edge[] = [
    ["s", "a"],
    ["s", "c"],
    ["a", "b"],
    ["b", "a", { condition: "again", activationGroup: "back" }],
    ["b", "e", { condition: "done", activationCondition: "any" }],
    ["c", "c", { condition: "again", activationGroup: "back" }],
    ["c", "e", { condition: "done", activationCondition: "any" }],
  ];
  expect(reasonOf(() => flow(agents("s a b c e"), two))).toBe("accepted");
});

verifies("graph-119", "the default budget bounds a cycle; without any bound it is refused", async () => {
  // Never the same words twice: that would be a loop, which ends a run by itself.
  const endless = new Lines("b", ...Array.from({ length: 50 }, (_, turn) => `again ${turn}`));
  const walker = new Lines("a", ...Array.from({ length: 50 }, (_, turn) => `step ${turn}`));
  await using bounded = flow([walker, endless, new Lines("c")], loop, { start: "a" });
  const { stopReason, messages } = await bounded.run("x");
  expect(stopReason.kind).toBe("budget");
  expect(who(messages).split(" ")).toHaveLength(50);
  expect(reasonOf(() => flow(agents("a b c"), loop, { start: "a", budget: "unbounded" }))).toEqual(
    refused("unbounded-cycle"),
  );
});

verifies("graph-120", "a complete graph runs again for a new task", async () => {
  await using team = flow(agents("a b"), [["a", "b"]]);
  const chat = team.session("s");
  for (const task of ["one", "two"]) {
    const { messages, stopReason } = await chat.run(task);
    expect([who(messages), stopReason.kind]).toEqual(["a b", "graph-complete"]);
  }
});

verifies("graph-121", "after a condition the next run goes on at the next node, also in a new team", async () => {
  const termination = new MaxMessageTermination(2);
  await using team = flow(
    agents("a b c"),
    [
      ["a", "b"],
      ["b", "c"],
    ],
    { termination },
  );
  const chat = team.session("s");
  expect(who((await chat.run("x")).messages)).toBe("a");
  const saved = await chat.snapshot();
  expect(who((await chat.run()).messages)).toBe("b c");
  await using other = flow(agents("a b c"), [
    ["a", "b"],
    ["b", "c"],
  ]);
  const copy = other.session("copy");
  await copy.restore(saved);
  expect(who((await copy.run("go on")).messages)).toBe("b c");
});

verifies("graph-122", "the stop reason is no message", async () => {
  await using team = flow(agents("a b"), [["a", "b"]]);
  const { messages, stopReason } = await team.run("x");
  expect(messages.map(({ kind, source }) => [kind, source])).toEqual([
    ["text", "user"],
    ["text", "a"],
    ["text", "b"],
  ]);
  expect(stopReason).toMatchObject({ kind: "graph-complete", detail: expect.stringContaining("end") });
});

verifies("graph-123", "the builder is fluent, refuses strangers, keeps the order and gives the same data", () => {
  const [a, b, c] = agents("a b c") as [Lines, Lines, Lines];
  const builder = new DiGraphBuilder().addNode(c).addNode(a).addNode(b).addNode(a);
  expect(thrownCode(() => builder.addEdge(a, "stranger"))).toBe("config.invalid_graph");
  expect(thrownCode(() => builder.setEntryPoint("stranger"))).toBe("config.invalid_graph");
  builder.addEdge(a, b).addConditionalEdges(b, { again: a, done: c }).setEntryPoint(a);
  expect(builder.getParticipants().map(({ name }) => name)).toEqual(["c", "a", "b"]);
  const graph = builder.build();
  expect(graph.defaultStartNode).toBe("a");
  expect(graph.nodes.find(({ name }) => name === "b")?.edges).toEqual([
    { target: "a", condition: "again" },
    { target: "c", condition: "done" },
  ]);
  expect(JSON.stringify(builder.build())).toBe(JSON.stringify(graph));
});
