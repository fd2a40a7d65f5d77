import {
  AssistantAgent,
  BaseChatAgent,
  listRuns,
  MaxMessageTermination,
  RoundRobinGroupChat,
  type RunEvent,
  UserProxyAgent,
} from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { SharedData } from "@troupe/core/testing";
import { byTurn, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";

class Counter extends BaseChatAgent<{ count: number }> {
  async *onMessages(_messages: unknown, context: { state: { count: number } }) {
    context.state.count += 1;
    yield this.thought("counting");
    return this.reply(`${this.name} ${context.state.count}`);
  }
}

const counter = (name: string) => new Counter({ name, state: () => ({ count: 0 }) });
const counters = (name: string, turns: number) =>
  new RoundRobinGroupChat({
    name,
    participants: [counter("a"), counter("b")],
    termination: new MaxMessageTermination(turns),
  });
const texts = (messages: readonly { readonly text: string }[]) => messages.map((message) => message.text);

async function eventsOf(run: { events(): AsyncIterable<RunEvent> }): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) if (!event.isLive) events.push(event);
  return events;
}

describe("a fork", () => {
  it("of a finished run goes on from any of its events to the same end, and leaves the run as it was", async () => {
    await using runtime = new InProcessRuntime();
    const team = counters("counters", 6);
    const run = team.run("count", { runtime, runId: "r" });
    const original = await run;
    const events = await eventsOf(run);
    for (const { sequence } of events.slice(0, -1)) {
      const fork = run.fork(sequence);
      const copy = await fork;
      expect(texts(copy.messages)).toEqual(texts(original.messages));
      const copied = await eventsOf(fork);
      expect(copied.map((event) => [event.kind, event.sequence])).toEqual(
        events.map((event) => [event.kind, event.sequence]),
      );
      expect(copied.every((event) => event.runId === fork.id)).toBe(true);
    }
    expect(await eventsOf(run)).toEqual(events);
  });

  it("of a stored run needs no handle of it and touches nothing, also while another process works on it", async () => {
    const data = new SharedData();
    await using first = new InProcessRuntime({ store: data.open() });
    await using second = new InProcessRuntime({ store: data.open() });
    const asking = () =>
      new RoundRobinGroupChat({
        name: "asking",
        participants: [counter("a"), new UserProxyAgent({ name: "you" })],
        maxTurns: 2,
      });
    const run = asking().session("s", { runtime: first }).run("Well?", { runId: "r" });
    const rest = await run;
    const before = data.memory.read("asking/s");
    const copier = asking();
    const fork = copier.fork("r", rest.stopReason.sequence, { runtime: second, session: "s" });
    const [question] = (await fork).questions;
    await fork.respond(question?.id ?? "", "no");
    expect((await fork.handle.result()).text).toBe("no");
    const held = copier.fork("r", 2, { runtime: second, session: "s", isPaused: true });
    await held.pause();
    expect(await listRuns(second, { runId: held.id })).toMatchObject([{ status: "paused", session: held.id }]);
    expect(data.memory.read("asking/s")).toEqual(before);
    await held.resume();
    expect((await held).stopReason.kind).toBe("input-required");
    await run.respond(rest.questions[0]?.id ?? "", "yes");
    expect((await run.handle.result()).text).toBe("yes");
  });

  it("of a fork is a run like any other: it can be stopped and forked again", async () => {
    await using runtime = new InProcessRuntime();
    const run = counters("again", 4).run("count", { runtime, runId: "r" });
    await run;
    const fork = run.fork(3);
    await fork;
    const second = await fork.fork(3);
    expect(texts(second.messages)).toEqual(["count", "a 1", "b 1", "a 2"]);
  });

  it("does not call a model again whose answer was recorded", async () => {
    await using runtime = new InProcessRuntime();
    const model = new ScriptedModel(byTurn(["one", "two", "three"]));
    const team = new RoundRobinGroupChat({
      name: "writers",
      participants: [new AssistantAgent({ name: "writer", model }), counter("reader")],
      termination: new MaxMessageTermination(5),
    });
    const run = team.run("write", { runtime, runId: "r" });
    const original = await run;
    const calls = model.requests.length;
    const events = await eventsOf(run);
    const secondCall = events.filter((event) => event.kind === "model-called")[1];
    const copy = await run.fork(secondCall?.sequence ?? 0);
    expect(texts(copy.messages)).toEqual(texts(original.messages));
    expect(model.requests.length).toBe(calls);
  });

  it("starts with what the run had spent up to there", async () => {
    await using runtime = new InProcessRuntime();
    const model = new ScriptedModel(() => "word");
    const team = new RoundRobinGroupChat({
      name: "spenders",
      participants: [new AssistantAgent({ name: "writer", model })],
      budget: { modelCalls: 4 },
    });
    const run = team.run("write", { runtime, runId: "r" });
    expect((await run).stopReason.kind).toBe("budget");
    const ends = (await eventsOf(run)).filter((event) => event.kind === "message").map((event) => event.sequence);
    for (const [said, sequence] of ends.entries()) {
      const before = model.requests.length;
      const { usage, stopReason } = await run.fork(sequence);
      expect(stopReason.kind).toBe("budget");
      // What was under way at the cut may have been paid for: its reservation counts, and it is asked again.
      expect(model.requests.length - before).toBeLessThanOrEqual(4 - said);
      expect(usage.total.calls).toBe(4);
    }
  });

  it("of a run that rests asks its own question, answered under the id that its event shows", async () => {
    await using runtime = new InProcessRuntime();
    const team = new RoundRobinGroupChat({
      name: "desk",
      participants: [counter("clerk"), new UserProxyAgent({ name: "person" })],
      termination: new MaxMessageTermination(3),
    });
    const run = team.run("ask", { runtime, runId: "r" });
    const rest = await run;
    const fork = run.fork(rest.stopReason.sequence);
    const [asked] = (await fork).questions;
    await fork.respond(asked?.id ?? "", "in the fork");
    expect((await fork).text).toBe("in the fork");
    await run.respond(rest.questions[0]?.id ?? "", "in the run");
    expect((await run).text).toBe("in the run");
  });

  it("reaches into nested teams", async () => {
    await using runtime = new InProcessRuntime();
    const inner = counters("inner", 3);
    const outer = new RoundRobinGroupChat({
      name: "outer",
      participants: [inner, counter("c")],
      termination: new MaxMessageTermination(7),
    });
    const run = outer.run("go", { runtime, runId: "r" });
    const original = await run;
    for (const { sequence } of (await eventsOf(run)).slice(0, -1)) {
      expect(texts((await run.fork(sequence)).messages)).toEqual(texts(original.messages));
    }
  });

  it("is refused for an event that is not there, and for a run that left nothing", async () => {
    await using runtime = new InProcessRuntime();
    const team = counters("gone", 3);
    const run = team.run("count", { runtime, runId: "r" });
    await run;
    await expect(run.fork(999)).rejects.toMatchObject({ code: "run.history_pruned" });
    const nameless = team.run("count", { runtime });
    await nameless;
    await expect(nameless.fork(1)).rejects.toMatchObject({ code: "run.history_pruned" });
  });
});

describe("a snapshot", () => {
  it("shows the run at that moment, as JSON", async () => {
    await using runtime = new InProcessRuntime();
    const run = counters("shown", 3).run("count", { runtime, runId: "r" });
    expect(run.snapshot()).toMatchObject({ kind: "run", status: "running", sequence: 0, messages: [] });
    await run;
    const snapshot = run.snapshot();
    expect(snapshot).toMatchObject({ runId: "r", status: "finished" });
    expect(texts(snapshot.messages)).toEqual(["count", "a 1", "b 1"]);
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  });
});
