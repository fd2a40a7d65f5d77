import {
  BaseChatAgent,
  type ChatMessage,
  type DiGraph,
  GraphFlow,
  MaxMessageTermination,
  MessageFilterAgent,
  RoundRobinGroupChat,
  RunError,
  TextMentionTermination,
  UserProxyAgent,
} from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { SharedData } from "@troupe/core/testing";
import { describe, expect, it } from "vitest";
import { flowOf, graphOf, type Lines, Speaker, speakers } from "./support/graph-agents.ts";

/** Two branches, a join of both, a loop back, and a join of the first of two. */
const busy: DiGraph = {
  nodes: [
    { name: "start", edges: [{ target: "left" }, { target: "right" }] },
    { name: "left", edges: [{ target: "both" }, { target: "first" }] },
    { name: "right", edges: [{ target: "both" }, { target: "first" }] },
    { name: "first", activation: "any" },
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
const busyLines: Readonly<Record<string, Lines>> = { both: ["again", "again", "done"] };

describe("G6: a run that was ended", () => {
  it("goes on at the next node, from every point, in another team on another runtime", async () => {
    await using whole = flowOf(busy, busyLines);
    const all = speakers((await whole.run("go")).messages);
    expect(all.filter((name) => name === "both")).toHaveLength(3);
    expect(all.filter((name) => name === "first")).toHaveLength(3);
    for (let count = 1; count < all.length; count += 1) {
      await using stopping = flowOf(busy, busyLines, { termination: new MaxMessageTermination(count + 1) });
      const before = stopping.session("s");
      const said = speakers((await before.run("go")).messages);
      const saved = structuredClone(await before.snapshot());
      await using next = flowOf(busy, busyLines);
      const after = next.session("s");
      await after.restore(saved);
      const rest = await after.run();
      expect([...said, ...speakers(rest.messages)], `stopped after ${count}`).toEqual(all);
      expect(rest.stopReason.kind).toBe("graph-complete");
    }
  });

  it("goes on in another process", async () => {
    const data = new SharedData();
    await using first = new InProcessRuntime({ store: data.open() });
    await using short = flowOf(busy, busyLines, { maxTurns: 4 });
    const said = speakers((await short.session("s", { runtime: first }).run("go", { runId: "one" })).messages);
    await first.close();
    await using second = new InProcessRuntime({ store: data.open() });
    await using next = flowOf(busy, busyLines);
    const rest = await next.session("s", { runtime: second }).run(undefined, { runId: "two" });
    await using whole = flowOf(busy, busyLines);
    expect([...said, ...speakers(rest.messages)]).toEqual(speakers((await whole.run("go")).messages));
  });

  it("by a cancel runs the node again that was at work, and keeps what others said", async () => {
    const atWork = Promise.withResolvers<void>();
    let isSlow = true;
    const before = (name: string, signal: AbortSignal): Promise<void> | undefined => {
      if (name !== "slow" || !isSlow) return undefined;
      isSlow = false;
      atWork.resolve();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const graph = graphOf("a > fast > slow; fast > join; slow > join");
    await using flow = new GraphFlow({
      participants: graph.nodes.map(({ name }) => new Speaker(name, [], before)),
      graph,
    });
    const chat = flow.session("s");
    const run = chat.run("go");
    await atWork.promise;
    for await (const event of run.events()) if (event.kind === "message" && event.message.source === "fast") break;
    await run.cancel();
    expect((await run).stopReason.kind).toBe("cancelled");
    const rest = await chat.run();
    expect(speakers(rest.messages)).toEqual(["slow", "join"]);
    expect(rest.stopReason.kind).toBe("graph-complete");
  });

  it("by a failure runs the node again that failed", async () => {
    await using flow = flowOf(graphOf("a > b; b > c"), { b: ["!"] });
    const chat = flow.session("s");
    await expect(chat.run("go")).rejects.toMatchObject({ agentPath: ["b"] });
    // A turn that failed left nothing behind, so this agent fails for ever; the graph stands where it stood.
    const error: unknown = await chat.run().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ agentPath: ["b"] });
    expect(error instanceof RunError && speakers(error.partial.messages)).toEqual([]);
  });
});

describe("conditions of the team", () => {
  it("see what each of several at work says, and count all of it", async () => {
    const graph = graphOf("a > b > c > d; b > e; c > e; d > e");
    for (const name of ["b", "c", "d"]) {
      await using flow = flowOf(graph, { [name]: ["STOP"] }, { termination: new TextMentionTermination("STOP") });
      const { stopReason, messages } = await flow.run("go");
      expect(stopReason.kind, name).toBe("condition");
      expect(speakers(messages)).not.toContain("e");
    }
    await using flow = flowOf(graph, {}, { termination: new MaxMessageTermination(6) });
    expect(speakers((await flow.run("go")).messages)).toEqual(["a", "b", "c", "d", "e"]);
  });
});

describe("an edge", () => {
  it("is taken by who spoke, whatever the source of a message says", async () => {
    await using flow = flowOf({ ...graphOf("a > b; b >x> a >y> c"), defaultStartNode: "a" }, { b: ["y"] });
    const result = await flow.run({ kind: "text", source: "b", text: "x" });
    expect(result.messages.slice(1).map(({ source }) => source)).toEqual(["a", "b", "c"]);
  });

  it("sees structured data as a model does", async () => {
    class Judge extends BaseChatAgent {
      // oxlint-disable-next-line require-yield
      async *onMessages() {
        return this.reply({ kind: "structured", text: "for people", data: { verdict: "good" } });
      }
    }
    const graph = graphOf('judge >"verdict":"good"> yes >people> no');
    const participants = [new Judge({ name: "judge" }), new Speaker("yes"), new Speaker("no")];
    await using flow = new GraphFlow({ participants, graph });
    expect(speakers((await flow.run("go")).messages)).toEqual(["judge", "yes"]);
  });

  it("with a test gets the last message and all of a team that is a node", async () => {
    const seen: string[][] = [];
    const test = (message: ChatMessage, messages: readonly ChatMessage[]): boolean => {
      seen.push([message.text, ...messages.map(({ text }) => text)]);
      return true;
    };
    const inner = new RoundRobinGroupChat({
      name: "inner",
      participants: [new Speaker("p"), new Speaker("q")],
      maxTurns: 2,
    });
    const graph: DiGraph = {
      nodes: [{ name: "inner", edges: [{ target: "z", condition: { name: "all", test } }] }, { name: "z" }],
    };
    await using flow = new GraphFlow({ participants: [inner, new Speaker("z")], graph });
    expect(speakers((await flow.run("go")).messages)).toEqual(["p", "q", "z"]);
    expect(seen).toEqual([["q", "p", "q"]]);
  });

  it("whose test throws, or gives no verdict, fails the run and is named", async () => {
    const broken = (): boolean => {
      throw new RangeError("boom");
    };
    // oxlint-disable-next-line typescript/no-explicit-any -- what a program without types may do
    const late: any = async () => true;
    for (const [condition, what] of [
      [broken, "threw"],
      [late, "returned a promise"],
    ] as const) {
      const graph: DiGraph = { nodes: [{ name: "a", edges: [{ target: "b", condition }] }, { name: "b" }] };
      await using flow = flowOf(graph);
      const failure = flow.run("go");
      await expect(failure).rejects.toMatchObject({ code: "team.edge_condition_failed", agentPath: [] });
      await expect(failure).rejects.toThrow(`edge "a" to "b" ${what}`);
    }
  });
});

describe("a node that fails", () => {
  const graph: DiGraph = {
    nodes: [
      { name: "a", edges: [{ target: "b" }, { target: "fix", on: "error" }] },
      { name: "b" },
      { name: "fix", edges: [{ target: "b", activationGroup: "fixed" }] },
    ],
  };

  it("takes its edges for errors, and those only", async () => {
    for (const onError of ["skip", "feed-back"] as const) {
      await using failing = flowOf(graph, { a: ["!"] }, { onError });
      const failed = await failing.run("go");
      expect(failed.messages.flatMap(({ source }) => (source === "a" || source === "user" ? [] : source))).toEqual([
        "fix",
        "b",
      ]);
      expect(failed.stopReason.kind).toBe("graph-complete");
      await using well = flowOf(graph, {}, { onError });
      expect(speakers((await well.run("go")).messages)).toEqual(["a", "b"]);
    }
  });

  it("without such edges takes those that are always taken, as if it had answered", async () => {
    await using flow = flowOf(graphOf("a > b > c; b > d; c > d"), { b: ["!"] }, { onError: "skip" });
    const result = await flow.run("go");
    expect(speakers(result.messages)).toEqual(["a", "c", "d"]);
    await using waiting = flowOf(graphOf("a >yes> b"), { a: ["!"] }, { onError: "skip" });
    expect((await waiting.run("go")).stopReason).toMatchObject({ kind: "dead-end" });
  });

  it("ends the run by default", async () => {
    await using flow = flowOf(graphOf("a > b"), { a: ["!"] });
    await expect(flow.run("go")).rejects.toMatchObject({ agentPath: ["a"] });
  });
});

describe("a person as a node", () => {
  it("is waited for by what needs the answer alone; the run rests when nothing else can go on", async () => {
    const graph = graphOf("a > person > b; b > c; c > end; person > end");
    const participants = graph.nodes.map(({ name }) =>
      name === "person" ? new UserProxyAgent({ name }) : new Speaker(name),
    );
    await using flow = new GraphFlow({ participants, graph });
    const run = flow.run("go");
    const rest = await run;
    expect(rest.stopReason.kind).toBe("input-required");
    expect(speakers(rest.messages)).toEqual(["a", "b", "c"]);
    await run.respond(rest.questions[0]?.id ?? "", "yes");
    const { messages, stopReason } = await run.handle.result();
    expect(speakers(messages)).toEqual(["a", "b", "c", "person", "end"]);
    expect(stopReason.kind).toBe("graph-complete");
  });
});

describe("steering", () => {
  it("stops after those at work, and goes on from there", async () => {
    const atWork = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const before = (name: string): Promise<void> | undefined => {
      if (name !== "slow") return undefined;
      atWork.resolve();
      return gate.promise;
    };
    const graph = graphOf("a > slow > fast; fast > next; next > end; slow > end");
    const participants = graph.nodes.map(({ name }) => new Speaker(name, [], before));
    await using flow = new GraphFlow({ participants, graph });
    const chat = flow.session("s");
    const run = chat.run("go");
    await atWork.promise;
    for await (const event of run.events()) if (event.kind === "message" && event.message.source === "next") break;
    await run.stop();
    gate.resolve();
    const stopped = await run;
    expect(stopped.stopReason.kind).toBe("stopped");
    expect(speakers(stopped.messages)).toEqual(["a", "fast", "next", "slow"]);
    const rest = await chat.run();
    expect([speakers(rest.messages), rest.stopReason.kind]).toEqual([["end"], "graph-complete"]);
  });
});

describe("who hears what", () => {
  class Listener extends BaseChatAgent {
    readonly #heard: string[];

    constructor(name: string, heard: string[]) {
      super({ name });
      this.#heard = heard;
    }

    // oxlint-disable-next-line require-yield
    async *onMessages(messages: readonly ChatMessage[]) {
      this.#heard.push(messages.map(({ text }) => text).join(" "));
      return this.reply(`${this.name}${this.#heard.length}`);
    }
  }

  it("is everything, or what a filter lets through, under whatever name", async () => {
    const heard: Readonly<Record<string, string[]>> = { a: [], c: [], d: [] };
    const filter = new MessageFilterAgent({
      name: "filtered",
      agent: new Listener("c", heard["c"] ?? []),
      filter: [
        { source: "user", position: "first", count: 1 },
        { source: "b", position: "last", count: 1 },
      ],
    });
    const participants = [
      new Listener("a", heard["a"] ?? []),
      new Speaker("b", ["loop", "exit"]),
      filter,
      new Listener("d", heard["d"] ?? []),
    ];
    const graph = { ...graphOf("a > b; b >loop> a >exit> filtered; filtered > d"), defaultStartNode: "a" };
    await using flow = new GraphFlow({ participants, graph });
    expect(speakers((await flow.run("go")).messages)).toEqual(["a", "b", "a", "b", "filtered", "d"]);
    expect(heard).toEqual({ a: ["go", "loop"], c: ["go exit"], d: ["go a1 loop a2 exit c1"] });
  });
});

describe("teams and graphs", () => {
  it("nest either way", async () => {
    const inner = flowOf(graphOf("x > y > z"), {}, { name: "inner" });
    const graph = graphOf("a > inner; inner > b");
    await using outer = new GraphFlow({ participants: [new Speaker("a"), inner, new Speaker("b")], graph });
    const result = await outer.run("go");
    expect(speakers(result.messages)).toEqual(["a", "x", "y", "z", "b"]);
    expect(result.stopReason.kind).toBe("graph-complete");
    const again = flowOf(graphOf("x > y"), {}, { name: "again" });
    await using round = new RoundRobinGroupChat({ participants: [again, new Speaker("a")], maxTurns: 3 });
    expect(speakers((await round.run("go")).messages)).toEqual(["x", "y", "a", "x", "y"]);
  });

  it("have members that cannot change", async () => {
    const gate = Promise.withResolvers<void>();
    const graph = graphOf("a > b");
    await using flow = new GraphFlow({
      participants: [new Speaker("a", [], () => gate.promise), new Speaker("b")],
      graph,
    });
    const run = flow.run("go");
    await expect(run.removeParticipant("b")).rejects.toThrow("they are the nodes of its graph");
    gate.resolve();
    await run;
  });

  it("keep runs of one object apart", async () => {
    await using flow = flowOf(busy, busyLines);
    const whole = speakers((await flow.run("go")).messages);
    const runs = await Promise.all(Array.from({ length: 20 }, () => flow.run("go")));
    for (const { messages } of runs) expect(speakers(messages)).toEqual(whole);
  });
});
