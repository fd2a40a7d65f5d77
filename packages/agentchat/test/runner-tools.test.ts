import { InProcessRuntime, MemoryStore } from "@troupe/core";
import { tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  type AgentReply,
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  RoundRobinGroupChat,
  type RunEvent,
  type Runner,
} from "../src/index.ts";

type Script = ConstructorParameters<typeof ScriptedModel>[0];

function assistant(name: string, script: Script, tools: readonly Runner<unknown>[] = []): AssistantAgent {
  const description = `The ${name}`;
  return new AssistantAgent({
    name,
    model: new ScriptedModel(script),
    tools: tools.map((runner) => runner.asTool()),
    description,
  });
}

/** Counts its turns since it began, in its state. */
class Counter extends BaseChatAgent<{ turns: number }> {
  constructor(name = "counter") {
    super({ name, state: () => ({ turns: 0 }) });
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext<{ turns: number }>) {
    context.state.turns += 1;
    return this.reply(`${context.state.turns}: ${messages.map((message) => message.text).join()}`);
  }
}

async function watch(run: ReturnType<AssistantAgent["run"]>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run) if (!event.isLive) events.push(event);
  return events;
}

const results = (events: readonly RunEvent[]): readonly string[] =>
  events.flatMap((event) =>
    event.kind === "tool-call-finished"
      ? event.result.content.map((part) => `${event.result.status} ${part.kind === "text" ? part.text : ""}`)
      : [],
  );

const call = (name: string, task: string) => reply.toolCall(name, { task });

describe("an agent as a tool", () => {
  test("works within the run of its caller: one usage, one sequence, a path of its own", async () => {
    const expert = assistant("expert", ["42"]);
    const boss = assistant("boss", [call("expert", "What is it?"), "It is 42."], [expert]);
    const run = boss.run("Ask");
    const events = await watch(run);
    const result = await run;
    expect(result.text).toBe("It is 42.");
    expect(result.usage.total.calls).toBe(3);
    expect(result.usage.byAgent.expert?.calls).toBe(1);
    expect(results(events)).toEqual(["ok 42"]);
    expect(
      events.filter((event) => event.path.length > 1).map((event) => `${event.path.join("/")} ${event.kind}`),
    ).toEqual(["boss/expert#1 model-called", "boss/expert#1 message"]);
    expect(events.map((event) => event.sequence)).toEqual(events.map((_, index) => index + 1));
  });

  test("is called twice at once, and both calls start anew", async () => {
    const boss = assistant(
      "boss",
      [
        reply.toolCalls([
          { name: "counter", arguments: { task: "a" } },
          { name: "counter", arguments: { task: "b" } },
        ]),
        "done",
      ],
      [new Counter()],
    );
    expect(results(await watch(boss.run("Go")))).toEqual(expect.arrayContaining(["ok 1: a", "ok 1: b"]));
  });

  test.each([
    ["an agent", () => new Counter()],
    ["a team", () => new RoundRobinGroupChat({ name: "counter", participants: [new Counter("c")], maxTurns: 1 })],
  ])("starts anew in the next run of the session, too: %s", async (_what, create) => {
    const boss = assistant("boss", [call("counter", "a"), "x", call("counter", "b"), "y"], [create()]);
    const session = boss.session("s");
    expect(results(await watch(session.run("1")))).toEqual(["ok 1: a"]);
    expect(results(await watch(session.run("2")))).toEqual(["ok 1: b"]);
    await boss.close();
  });

  test("keeps its memory in the session when it is told to", async () => {
    const boss = new AssistantAgent({
      name: "boss",
      model: new ScriptedModel([call("counter", "a"), "x", call("counter", "b"), "y"]),
      tools: [new Counter().asTool({ keepsMemory: true })],
    });
    const session = boss.session("s");
    expect(results(await watch(session.run("1")))).toEqual(["ok 1: a"]);
    expect(results(await watch(session.run("2")))).toEqual(["ok 2: b"]);
    await boss.close();
  });

  test("that fails is a result its caller can read; wrong arguments too", async () => {
    const broken = assistant("broken", [reply.failure("down")]);
    const boss = assistant(
      "boss",
      [call("broken", "x"), reply.toolCall("broken", { wrong: 1 }), "I give up"],
      [broken],
    );
    const run = boss.run("Go");
    const [first, second] = results(await watch(run));
    expect(first).toContain("error");
    expect(first).toContain("down");
    expect(second).toContain("error");
    expect((await run).text).toBe("I give up");
  });

  test("cannot spend more than its caller's run may, nor go deeper", async () => {
    const expert = assistant("expert", () => "more");
    const boss = assistant("boss", () => call("expert", "again"), [expert]);
    const result = await boss.run("Go", { budget: { modelCalls: 4 } });
    expect(result.stopReason.kind).toBe("budget");
    expect(result.usage.total.calls).toBe(4);
    const deep = await boss.run("Go", { budget: { depth: 1 } });
    expect(deep.stopReason).toMatchObject({ kind: "budget", detail: expect.stringContaining("depth") });
  });

  test("ends with its caller when the run is cancelled, and the next run works", async () => {
    const expert = assistant("expert", [{ kind: "hang" }]);
    const boss = assistant("boss", [call("expert", "x"), "again"], [expert]);
    const session = boss.session("s");
    const run = session.run("Go");
    for await (const event of run.handle.events()) if (event.kind === "model-started" && event.path.length === 2) break;
    await run.cancel("enough");
    const result = await run;
    expect(result.stopReason.kind).toBe("cancelled");
    expect((await session.run("Again")).text).toBe("again");
    await boss.close();
  });

  test("runs on its own outside of a turn", async () => {
    const expert = assistant("expert", ["42"]);
    const context = { signal: new AbortController().signal, callId: "c", idempotencyKey: "k", progress: () => {} };
    expect(await expert.asTool().execute({ task: "What?" }, context)).toBe("42");
    await expert.close();
  });
});

describe("a team as a tool", () => {
  const pair = (name: string, ...members: readonly Runner<unknown>[]): RoundRobinGroupChat =>
    new RoundRobinGroupChat({ name, participants: members, maxTurns: members.length });

  test("runs to its end inside the call; the caller reads its last words, or all of them", async () => {
    const team = pair("pair", assistant("writer", ["draft"]), assistant("critic", ["fine"]));
    const boss = assistant("boss", [call("pair", "Write"), "ok"], [team]);
    expect(results(await watch(boss.run("Go")))).toEqual(["ok fine"]);
    const all = new AssistantAgent({
      name: "all",
      model: new ScriptedModel([call("pair", "Write"), "ok"]),
      tools: [pair("pair", assistant("writer", ["draft"]), assistant("critic", ["fine"])).asTool({ returns: "all" })],
    });
    expect(results(await watch(all.run("Go")))).toEqual(["ok writer: draft\n\ncritic: fine"]);
  });

  test("nests: teams of agents with teams as tools, three levels down, several at once", async () => {
    const leaf = (): RoundRobinGroupChat => pair("leaf", new Counter("x"), new Counter("y"));
    const middle = pair(
      "middle",
      assistant("m", [call("leaf", "deep"), "from below"], [leaf()]),
      pair("inner", new Counter("z")),
    );
    const boss = assistant(
      "boss",
      [
        reply.toolCalls([
          { name: "middle", arguments: { task: "a" } },
          { name: "middle", arguments: { task: "b" } },
        ]),
        "done",
      ],
      [middle],
    );
    const run = boss.run("Go", { budget: "unbounded" });
    const paths = new Set((await watch(run)).map((event) => event.path.join("/")));
    expect((await run).text).toBe("done");
    expect([...paths]).toEqual(expect.arrayContaining(["boss/middle#1/m/leaf#1/y", "boss/middle#2/inner/z"]));
  });

  test("a run that dies in the middle of it goes on where it was, and repeats nothing", async () => {
    const charged: string[] = [];
    let isAlive = true;
    const charge = tool({
      name: "charge",
      description: "Charges",
      input: z.object({ amount: z.number() }),
      execute: ({ amount }) => {
        charged.push(String(amount));
        return "charged";
      },
    });
    const define = (): AssistantAgent => {
      const stuck = (text: string) => (): string | { readonly kind: "hang" } => (isAlive ? { kind: "hang" } : text);
      const clerk = new AssistantAgent({
        name: "clerk",
        model: new ScriptedModel(({ messages }) =>
          messages.at(-1)?.role === "tool" ? stuck("paid")() : reply.toolCall("charge", { amount: 7 }),
        ),
        tools: [charge],
      });
      const desk = pair("desk", clerk, new Counter());
      const model = new ScriptedModel(({ messages }) =>
        messages.at(-1)?.role === "tool" ? "all done" : call("desk", "Charge 7"),
      );
      return new AssistantAgent({ name: "boss", model, tools: [desk.asTool()] });
    };
    const store = new MemoryStore({ isDurable: true });
    const first = new InProcessRuntime({ store });
    const run = define().run("Go", { runtime: first, runId: "r" });
    for await (const event of run.handle.events())
      if (event.kind === "tool-call-finished" && event.path.at(-1) === "clerk") break;
    run.handle.result().catch(() => {});
    await first.close({ graceMs: 50 });
    isAlive = false;
    const second = new InProcessRuntime({ store });
    const result = await define().run("Go", { runtime: second, runId: "r" });
    await second.close();
    expect(result.text).toBe("all done");
    expect(charged).toEqual(["7"]);
  });
});

test("a custom agent runs a team of its own inside its turn", async () => {
  class Leader extends BaseChatAgent {
    constructor(team: Runner<unknown>) {
      super({ name: "leader", inner: [team] });
    }

    // oxlint-disable-next-line require-yield
    async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext): AsyncGenerator<never, AgentReply> {
      const { messages: said } = await context.runInner("crew", messages);
      return this.reply(said.map((message) => message.text).join(" | "));
    }
  }
  const crew = new RoundRobinGroupChat({
    name: "crew",
    participants: [new Counter("a"), new Counter("b")],
    maxTurns: 2,
  });
  const leader = new Leader(crew);
  expect((await leader.run("Go")).text).toBe("1: Go | 1: Go,1: Go");
  await leader.close();
});
