import { MaxMessageTermination, TextMentionTermination } from "@troupe/agentchat";
import { describe, expect, it } from "vitest";
import { flowOf, graphOf, speakers } from "./support/graph-agents.ts";

describe("a graph's team", () => {
  it("runs each node of a sequence, a fan-out and a join once", async () => {
    await using flow = flowOf(graphOf("a > b > c; b > d; c > d; d > e"));
    const result = await flow.run("go");
    expect(speakers(result.messages)).toEqual(["a", "b", "c", "d", "e"]);
    expect(result.stopReason.kind).toBe("graph-complete");
  });

  it("starts at every node without incoming edges, in the order of the graph", async () => {
    await using flow = flowOf(graphOf("z > end; a > end; m"));
    const result = await flow.run("go");
    expect(speakers(result.messages).slice(0, 3)).toEqual(["z", "a", "m"]);
    expect(speakers(result.messages)).toHaveLength(4);
  });

  it("goes round a loop until its exit, and into no dead end on the way", async () => {
    const graph = { ...graphOf("a > b; b >exit> c >loop> a"), defaultStartNode: "a" };
    await using flow = flowOf(graph, { b: ["loop", "loop", "exit"] });
    const result = await flow.run("go");
    expect(speakers(result.messages)).toEqual(["a", "b", "a", "b", "a", "b", "c"]);
    expect(result.stopReason.kind).toBe("graph-complete");
  });

  it("G5: says dead-end, and whose answer led nowhere", async () => {
    await using flow = flowOf(graphOf("a >yes> b"), { a: ["maybe"] });
    const { stopReason } = await flow.run("go");
    expect(stopReason).toMatchObject({ kind: "dead-end", detail: expect.stringContaining('no edge of "a"') });
  });

  it("G5: says dead-end, and which join still waits for whom", async () => {
    await using flow = flowOf(graphOf("a > join; b >yes> join >no> c"), { b: ["no"] });
    const { stopReason, messages } = await flow.run("go");
    expect(speakers(messages)).toEqual(["a", "b", "c"]);
    expect(stopReason).toMatchObject({
      kind: "dead-end",
      detail: expect.stringContaining('"join" still waits for "b"'),
    });
  });

  it("tests the last node's message against the condition first", async () => {
    await using flow = flowOf(graphOf("a > b"), { b: ["DONE"] }, { termination: new TextMentionTermination("DONE") });
    const chat = flow.session("s");
    expect((await chat.run("go")).stopReason.kind).toBe("condition");
    // Nothing was left of the graph, so the next run starts anew.
    expect(speakers((await chat.run("again")).messages)).toEqual(["a", "b"]);
  });

  it("goes on at the next node after a condition, and starts anew after the end", async () => {
    await using flow = flowOf(graphOf("a > b; b > c"), {}, { termination: new MaxMessageTermination(2) });
    const chat = flow.session("s");
    expect(speakers((await chat.run("go")).messages)).toEqual(["a"]);
    expect(speakers((await chat.run()).messages)).toEqual(["b", "c"]);
    expect(speakers((await chat.run("go")).messages)).toEqual(["a"]);
  });

  it("is complete when the last turn that it may take completes it", async () => {
    await using flow = flowOf(graphOf("a > b"), {}, { maxTurns: 2 });
    expect((await flow.run("go")).stopReason.kind).toBe("graph-complete");
    await using short = flowOf(graphOf("a > b"), {}, { maxTurns: 1, name: "short" });
    const chat = short.session("s");
    expect((await chat.run("go")).stopReason.kind).toBe("max-turns");
    expect(speakers((await chat.run()).messages)).toEqual(["b"]);
  });
});
