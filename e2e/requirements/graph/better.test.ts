import {
  agentChatComponents,
  AssistantAgent,
  type ChatAgentContext,
  type ChatMessage,
  type DiGraph,
  DiGraphBuilder,
  GraphFlow,
  MaxMessageTermination,
  TextMentionTermination,
} from "@troupe/agentchat";
import { createComponentRegistry } from "@troupe/core";
import { replayModel } from "@troupe/llm";
import { expect } from "vitest";
import { verifies } from "../graph.ts";
import { eventsOf, thrownCode } from "../agentchat/fixtures.ts";
import { agents, type Edge, flow, Lines, loop, reasonOf, refused, who } from "./graph-cast.ts";

const fan: readonly Edge[] = [
  ["a", "b"],
  ["a", "c"],
  ["a", "d"],
  ["b", "e"],
  ["c", "e"],
  ["d", "e"],
];

verifies("graph-148", "every parallel node's words and messages count", async () => {
  for (const name of ["b", "c", "d"]) {
    const team = agents("a b c d e").map((agent) => (agent.name === name ? new Lines(name, "STOP") : agent));
    await using stopping = flow(team, fan, { termination: new TextMentionTermination("STOP") });
    const { stopReason, messages } = await stopping.run("x");
    expect(stopReason.kind).toBe("condition");
    expect(who(messages)).not.toContain("e");
  }
  await using counting = flow(agents("a b c d e"), fan, { termination: new MaxMessageTermination(5) });
  expect(who((await counting.run("x")).messages)).toBe("a b c d");
});

verifies("graph-149", "a loop saved at every point gives the same order of nodes", async () => {
  const cast = (): Lines[] => [new Lines("a"), new Lines("b", "again", "again", "done"), new Lines("c")];
  await using whole = flow(cast(), loop, { start: "a" });
  const order = who((await whole.run("x")).messages);
  expect(order).toBe("a b a b a b c");
  for (let count = 1; count < 7; count += 1) {
    await using first = flow(cast(), loop, { start: "a", maxTurns: count });
    const said = first.session("s");
    const begun = await said.run("x");
    await using second = flow(cast(), loop, { start: "a" });
    const rest = second.session("s");
    await rest.restore(JSON.parse(JSON.stringify(await said.snapshot())) as Record<string, unknown>);
    const { messages, stopReason } = await rest.run();
    expect(`${who(begun.messages)} ${who(messages)}`).toBe(order);
    expect(stopReason.kind).toBe("graph-complete");
  }
});

verifies("graph-150", "a dead end is its own reason; the last node's words reach the condition", async () => {
  await using unmatched = flow(
    [new Lines("a", "maybe"), ...agents("b c")],
    [
      ["a", "b", { condition: "yes" }],
      ["a", "c", { condition: "no" }],
    ],
  );
  expect((await unmatched.run("x")).stopReason).toMatchObject({
    kind: "dead-end",
    detail: expect.stringContaining('"a"'),
  });
  await using starved = flow(
    [new Lines("a"), new Lines("b", "no"), ...agents("join c")],
    [
      ["a", "join"],
      ["b", "join", { condition: "yes" }],
      ["b", "c", { condition: "no" }],
    ],
  );
  expect((await starved.run("x")).stopReason).toMatchObject({
    kind: "dead-end",
    detail: expect.stringContaining('"join" still waits for "b"'),
  });
  await using last = flow([new Lines("a"), new Lines("b", "DONE")], [["a", "b"]], {
    termination: new TextMentionTermination("DONE"),
  });
  expect((await last.run("x")).stopReason.kind).toBe("condition");
});

verifies(
  "graph-151",
  "a join of any starts with the first branch; a node takes one turn for what starts it at once",
  async () => {
    const slowDone = Promise.withResolvers<void>();
    const slow = new (class extends Lines {
      override async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext<{ turns: number }>) {
        await slowDone.promise;
        return yield* super.onMessages(messages, context);
      }
    })("slow");
    const after = new (class extends Lines {
      override async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext<{ turns: number }>) {
        // The slow branch ends only because the node behind the join has started.
        slowDone.resolve();
        return yield* super.onMessages(messages, context);
      }
    })("join");
    await using first = flow(
      [new Lines("a"), slow, new Lines("fast"), after],
      [
        ["a", "slow"],
        ["a", "fast"],
        ["slow", "join", { activationCondition: "any" }],
        ["fast", "join", { activationCondition: "any" }],
      ],
    );
    const { messages } = await first.run("x");
    expect(
      who(messages)
        .split(" ")
        .filter((name) => name === "join"),
    ).toHaveLength(1);
    await using twice = flow(agents("a c"), [
      ["a", "c"],
      ["a", "c", { activationGroup: "other" }],
    ]);
    expect(who((await twice.run("x")).messages)).toBe("a c");
  },
);

verifies("graph-152", "100 runs start in one order; every bad graph is refused when it is built", async () => {
  await using team = flow(
    agents("z y x m"),
    [
      ["z", "m"],
      ["y", "m"],
      ["x", "m"],
    ],
    { emitTeamEvents: true },
  );
  const orders = new Set<string>();
  for (let count = 0; count < 100; count += 1) {
    const events = await eventsOf(team.run("x"));
    orders.add(events.flatMap((event) => (event.kind === "speaker-selected" ? event.speakers : [])).join(" "));
  }
  expect([...orders]).toEqual(["z y x m"]);
  const participants = agents("a b");
  const build = (graph: DiGraph): unknown => reasonOf(() => new GraphFlow({ participants, graph }));
  expect(build({ nodes: [{ name: "a", edges: [{ target: "ghost" }] }] })).toEqual(refused("unknown-target"));
  expect(build({ nodes: [{ name: "a" }, { name: "b" }], defaultStartNode: "ghost" })).toEqual(refused("unknown-start"));
  expect(build({ nodes: [{ name: "a" }] })).toEqual(refused("participant-without-node"));
  expect(build({ nodes: [{ name: "a" }, { name: "b" }, { name: "c" }] })).toEqual(refused("node-without-participant"));
  expect(build({ nodes: [{ name: "a" }, { name: "b" }], defaultStartNode: "a" })).toEqual(refused("unreachable-node"));
  const branches: readonly Edge[] = [
    ["a", "b", { condition: "yes" }],
    ["a", "c", { condition: "no" }],
    ["b", "d"],
    ["c", "d"],
  ];
  expect(reasonOf(() => flow(agents("a b c d"), branches))).toEqual(refused("unsatisfiable-join"));
});

verifies("graph-153", "a function at an edge makes a dump fail, unless it has a name; then it comes back", async () => {
  const isShort = ({ text }: ChatMessage): boolean => text.length < 5;
  const isLong = ({ text }: ChatMessage): boolean => text.length >= 5;
  const says = (name: string, answer: string): AssistantAgent =>
    new AssistantAgent({ name, model: replayModel({ answers: [answer] }) });
  const [a, b, c] = [says("a", "a long answer"), says("b", "b"), says("c", "c")];
  const builder = new DiGraphBuilder().addNode(a).addNode(b).addNode(c);
  builder.addEdge(a, b, { condition: isShort }).addEdge(a, c, { condition: isLong });
  await using team = new GraphFlow({ participants: builder.getParticipants(), graph: builder.build() });
  const registry = createComponentRegistry({ components: agentChatComponents() });
  expect(thrownCode(() => registry.dump(team))).toBe("config.not_dumpable");
  const naming = registry.with({ named: { isShort, isLong } });
  const document = naming.dump(team);
  const loaded = naming.load(JSON.parse(JSON.stringify(document)));
  if (!(loaded instanceof GraphFlow)) throw new Error("not a graph's team");
  await using again = loaded;
  expect(who((await again.run("x")).messages)).toBe("a c");
  expect(naming.dump(again)).toEqual(document);
});

verifies("graph-W37", "a task in a node's name takes none of its edges", async () => {
  await using team = flow([new Lines("a"), new Lines("b", "done"), new Lines("c")], loop, { start: "a" });
  const { messages } = await team.run({ kind: "text", source: "b", text: "again" });
  expect(messages.slice(1).map(({ source }) => source)).toEqual(["a", "b", "c"]);
});

verifies("graph-W39", "team events, teams as nodes and edges for errors", async () => {
  const inner = flow(agents("p q"), [["p", "q"]], { name: "inner" });
  const builder = new DiGraphBuilder().addNode(new Lines("a", "!")).addNode(inner).addNode(new Lines("fix"));
  builder
    .addEdge("a", "inner")
    .addEdge("a", "fix", { on: "error" })
    .addEdge("fix", "inner", { activationGroup: "fixed" });
  const participants = builder.getParticipants();
  await using outer = new GraphFlow({ participants, graph: builder.build(), onError: "skip", emitTeamEvents: true });
  const run = outer.run("x");
  const events = await eventsOf(run);
  const chosen = events.flatMap((event) =>
    event.kind === "speaker-selected" && event.path.length === 0 ? event.speakers : [],
  );
  expect(chosen).toEqual(["a", "fix", "inner"]);
  expect(who((await run).messages)).toBe("fix p q");
});

verifies("graph-D10", "examples of the reference's guide", async () => {
  const says = (...lines: readonly string[]): Lines => new Lines("b", ...lines);
  const back = (rule?: "all" | "any"): readonly Edge[] => [
    ["a", "b", { activationGroup: "initial" }],
    ["b", "c1", { condition: "CONTINUE" }],
    ["b", "c2", { condition: "CONTINUE" }],
    ["b", "e", { condition: "EXIT" }],
    ["c1", "b", { activationGroup: "back", activationCondition: rule }],
    ["c2", "b", { activationGroup: "back", activationCondition: rule }],
  ];
  const cast = (): Lines[] => [new Lines("a"), says("CONTINUE", "CONTINUE", "EXIT"), ...agents("c1 c2 e")];
  await using one = flow(
    [new Lines("a"), says("CONTINUE", "CONTINUE", "EXIT"), ...agents("c e")],
    [
      ["a", "b", { activationGroup: "initial" }],
      ["b", "c", { condition: "CONTINUE" }],
      ["c", "b", { activationGroup: "feedback" }],
      ["b", "e", { condition: "EXIT" }],
    ],
    { start: "a" },
  );
  expect(who((await one.run("x")).messages)).toBe("a b c b c b e");
  await using all = flow(cast(), back(), { start: "a" });
  expect(who((await all.run("x")).messages)).toBe("a b c1 c2 b c1 c2 b e");
  await using any = flow(cast(), back("any"), { start: "a" });
  const result = await any.run("x");
  const order = who(result.messages).split(" ");
  expect(order.filter((name) => name === "b")).toHaveLength(3);
  expect(order.filter((name) => name === "e")).toHaveLength(1);
  expect(result.stopReason.kind).toBe("graph-complete");
  const isApproved = ({ text }: ChatMessage): boolean => text.includes("APPROVE");
  await using review = flow(
    [new Lines("generator"), new Lines("reviewer", "Shorter.", "APPROVE"), new Lines("summary")],
    [
      ["generator", "reviewer"],
      ["reviewer", "summary", { condition: isApproved }],
      ["reviewer", "generator", { condition: (message) => !isApproved(message) }],
    ],
    { start: "generator" },
  );
  expect(who((await review.run("x")).messages)).toBe("generator reviewer generator reviewer summary");
});
