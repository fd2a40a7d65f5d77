import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  MaxMessageTermination,
  RoundRobinGroupChat,
} from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";

const speaker = (name: string, delayMs = 0): AssistantAgent =>
  new AssistantAgent({
    name,
    model: new ScriptedModel((_request, { turn }) => reply.text(`${name}${turn}`, { delayMs })),
  });
const talk = (turns: number): RoundRobinGroupChat =>
  new RoundRobinGroupChat({ name: "talk", participants: [speaker("a"), speaker("b")], maxTurns: turns });
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe("run ids", () => {
  it("attach to the same task, also when it is over, and refuse another", async () => {
    await using runtime = new InProcessRuntime();
    const team = talk(2);
    const first = team.run("go", { runtime, runId: "r1" });
    const second = team.run("go", { runtime, runId: "r1" });
    const result = await first;
    expect(await second).toEqual(result);
    expect(await team.run("go", { runtime, runId: "r1" })).toEqual(result);
    await expect(team.run("other", { runtime, runId: "r1" })).rejects.toMatchObject({ code: "run.id_taken" });
    expect(await team.attach("r1", { runtime })).toEqual(result);
    await expect(team.attach("nothing", { runtime })).rejects.toMatchObject({ code: "run.unknown" });
  });

  it("tell long tasks apart, and keep them out of the manager's state", async () => {
    await using runtime = new InProcessRuntime();
    const team = talk(1);
    const long = "x".repeat(200_000);
    const result = await team.run(`${long}a`, { runtime, runId: "long" });
    expect(result.messages[0]?.text).toHaveLength(200_001);
    await expect(team.run(`${long}b`, { runtime, runId: "long" })).rejects.toMatchObject({ code: "run.id_taken" });
    expect(await team.run(`${long}a`, { runtime, runId: "long" })).toEqual(result);
  });

  it("of a cancelled run attach to its end", async () => {
    await using runtime = new InProcessRuntime();
    const agent = new AssistantAgent({ name: "s", model: new ScriptedModel([reply.hang()]) });
    const run = agent.run("go", { runtime, runId: "r1" });
    for await (const event of run.events()) if (event.kind === "model-started") break;
    await run.cancel();
    expect((await agent.run("go", { runtime, runId: "r1" })).stopReason.kind).toBe("cancelled");
  });

  it("show the events from any number on, also after the end", async () => {
    await using team = talk(3);
    const run = team.run("go");
    await run;
    for (const from of [1, 4, 100]) {
      const sequences: number[] = [];
      for await (const event of run.events({ from })) if (!event.isLive) sequences.push(event.sequence);
      const count = 9;
      expect(sequences).toEqual(Array.from({ length: Math.max(0, count - from + 1) }, (_, index) => from + index));
    }
    const all: number[] = [];
    for await (const event of run) if (!event.isLive) all.push(event.sequence);
    expect(all).toHaveLength(9);
  });

  it("wait in line when asked to, and leave it at a cancel or an abort", async () => {
    const chat = new AssistantAgent({ name: "s", model: new ScriptedModel([reply.hang(), "third"]) }).session("s");
    const first = chat.run("1");
    for await (const event of first.events()) if (event.kind === "model-started") break;
    const second = chat.run("2", { whenBusy: "queue" });
    const reason = new Error("changed my mind");
    const controller = new AbortController();
    const aborted = chat.run("2b", { whenBusy: "queue", signal: controller.signal });
    const third = chat.run("3", { whenBusy: "queue" });
    await new Promise((resolve) => setTimeout(resolve, 10));
    await second.cancel("not needed");
    expect((await second).stopReason).toMatchObject({ kind: "cancelled", detail: "not needed" });
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await first.cancel();
    expect((await third).text).toBe("third");
    expect((await chat.messages()).map((message) => message.text)).toEqual(["1", "3", "third"]);
  });

  it("U2: name their runner once on a runtime", async () => {
    await using runtime = new InProcessRuntime();
    await talk(1).run("go", { runtime });
    await expect(talk(1).run("go", { runtime })).rejects.toMatchObject({ code: "config.duplicate_agent" });
  });
});

describe("one definition", () => {
  it("I8: runs a thousand times at once, and no secret of one run shows in another", async () => {
    const seen = new Map<string, string[]>();
    const model = new ScriptedModel(({ messages }) => {
      const text = JSON.stringify(messages);
      const secrets = [...new Set(text.match(/secret-\d+/g))];
      expect(secrets).toHaveLength(1);
      const secret = secrets[0] ?? "";
      seen.set(secret, [...(seen.get(secret) ?? []), text]);
      return reply.text(`I heard ${secret}`);
    });
    await using team = new RoundRobinGroupChat({
      participants: [new AssistantAgent({ name: "a", model }), new AssistantAgent({ name: "b", model })],
      maxTurns: 2,
    });
    const results = await Promise.all(Array.from({ length: 1000 }, (_, index) => team.run(`secret-${index}`)));
    results.forEach((result, index) => {
      expect(result.messages.map((message) => message.text)).toEqual([
        `secret-${index}`,
        `I heard secret-${index}`,
        `I heard secret-${index}`,
      ]);
      expect(result.usage.total.calls).toBe(2);
    });
    expect(seen.size).toBe(1000);
  });

  it("H4, I9: leaves nothing on its runtime when runs are over", async () => {
    await using runtime = new InProcessRuntime();
    const team = talk(2);
    const run = team.run("go", { runtime });
    for await (const event of run) if (event.kind === "message") expect(event.runId).toBe(run.id);
    await Promise.all(Array.from({ length: 50 }, () => team.run("go", { runtime })));
    await expect(team.run([], { runtime })).rejects.toMatchObject({ code: "run.invalid_task" });
    await runtime.idle();
    expect(runtime.stats()).toMatchObject({
      activeAgents: 0,
      residentCells: 0,
      pendingRequests: 0,
      timers: 0,
      watchers: 0,
      deadLetters: 0,
      openWaits: 0,
    });
  });

  it("is frozen from its first run on, and says where state belongs", async () => {
    class Sloppy extends BaseChatAgent {
      count = 0;

      // oxlint-disable-next-line require-yield
      async *onMessages() {
        this.count += 1;
        return this.reply("never");
      }
    }
    class Sneaky extends BaseChatAgent {
      // oxlint-disable-next-line require-yield
      async *onMessages() {
        Object.assign(this, { added: 1 });
        return this.reply("never");
      }
    }
    for (const agent of [new Sloppy({ name: "x" }), new Sneaky({ name: "x" })]) {
      const error: unknown = await agent.run("go").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ cause: { code: "config.invalid_definition" } });
      expect(JSON.stringify(error)).toContain("context.state");
    }
    const inTeam = new Sloppy({ name: "x" });
    inTeam.count = 5;
    await expect(new RoundRobinGroupChat({ participants: [inTeam] }).run("go")).rejects.toMatchObject({
      agentPath: ["x"],
    });
    expect(() => {
      inTeam.count = 6;
    }).toThrow(/Field "count"/);
  });

  it("closes its own runtime; what goes on ends as cancelled, and the object works again", async () => {
    const agent = new AssistantAgent({ name: "s", model: new ScriptedModel([reply.hang(), "again"]) });
    const run = agent.run("go");
    for await (const event of run.events()) if (event.kind === "model-started") break;
    await agent.close();
    expect((await run).stopReason.kind).toBe("cancelled");
    expect((await agent.run("go")).text).toBe("again");
    await agent.close();
    await agent.close();
  });
});

describe("budgets", () => {
  const add = tool({ name: "add", description: "", input: z.object({}), execute: () => 1 });
  const restless = (): AssistantAgent =>
    new AssistantAgent({
      name: "r",
      model: new ScriptedModel(() =>
        reply.toolCalls([{ name: "add" }, { name: "add" }], {
          usage: { inputTokens: 100, outputTokens: 10 },
        }),
      ),
      tools: [add],
      maxToolIterations: 1000,
      loops: "off",
    });

  it("end a run before the call that would exceed them, with what there is", async () => {
    await using agent = restless();
    const calls = await agent.run("go", { budget: { modelCalls: 4 } });
    expect(calls.stopReason).toMatchObject({ kind: "budget" });
    expect(calls.usage.total.calls).toBe(4);
    const tools = await agent.run("go", { budget: { toolCalls: 5 } });
    expect(tools.stopReason.detail).toContain("toolCalls");
    const tokens = await agent.run("go", { budget: { tokens: 10_000 } });
    expect(tokens.stopReason.detail).toContain("tokens");
    expect(tokens.usage.total.inputTokens + tokens.usage.total.outputTokens).toBeLessThanOrEqual(10_000);
  });

  it("I10: hold by default: a team without any rule stops after 50 turns", async () => {
    await using team = new RoundRobinGroupChat({ participants: [speaker("a"), speaker("b")] });
    const result = await team.run("go");
    expect(result.stopReason).toMatchObject({ kind: "budget" });
    expect(result.messages).toHaveLength(51);
    const free = await team.run("go", { budget: { turns: 60 } });
    expect(free.messages).toHaveLength(61);
  });

  it("are inherited by nested teams, which share them", async () => {
    const inner = new RoundRobinGroupChat({ name: "inner", participants: [speaker("a")], maxTurns: 3 });
    await using team = new RoundRobinGroupChat({ name: "outer", participants: [inner], budget: { modelCalls: 7 } });
    const result = await team.run("go");
    expect(result.stopReason.kind).toBe("budget");
    expect(result.usage.total.calls).toBe(7);
    const flat = await team.run("go", { budget: { depth: 1 } });
    expect(flat.stopReason).toMatchObject({ kind: "budget", detail: expect.stringContaining("depth") as string });
  });

  it("count the time of a custom agent's own steps", async () => {
    class Stuck extends BaseChatAgent {
      // oxlint-disable-next-line require-yield
      async *onMessages(_: readonly ChatMessage[], context: ChatAgentContext) {
        await context.step(
          "wait",
          ({ signal }) =>
            new Promise((_resolve, reject) =>
              signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
            ),
        );
        return this.reply("never");
      }
    }
    await using stuck = new Stuck({ name: "stuck" });
    const result = await stuck.run("go", { budget: { wallTimeMs: 30 } });
    expect(result.stopReason).toMatchObject({
      kind: "budget",
      detail: expect.stringContaining("wallTimeMs") as string,
    });
  });

  it("in dollars need prices", async () => {
    await using agent = restless();
    await expect(agent.run("go", { budget: { usd: 1 } })).rejects.toMatchObject({ code: "run.unpriced_model" });
    const allowed = await agent.run("go", { budget: { usd: 1, modelCalls: 1, unpriced: "allow" } });
    expect(allowed.usage.total.usd).toBeNull();
    const model = new ScriptedModel(
      () => reply.toolCall("add", {}, { usage: { inputTokens: 100_000, outputTokens: 1000 } }),
      { name: "openai:gpt-5-mini" },
    );
    await using priced = new AssistantAgent({ name: "p", model, tools: [add], maxToolIterations: 1000, loops: "off" });
    const result = await priced.run("go", { budget: { usd: 0.2 } });
    expect(result.stopReason.detail).toContain("usd");
    expect(result.usage.total.usd).toBeGreaterThan(0);
    // What a call really used is known only afterwards: the limit is overshot by one call at most.
    expect(result.usage.total.usd).toBeLessThanOrEqual(0.2 + 0.03);
  });

  it("in dollars may use prices of one's own", async () => {
    const prices = {
      checked: "2026-01-01",
      source: "our contract",
      prices: [
        {
          model: "own:model",
          since: "2025-01-01",
          usdPerMillionInput: 1000,
          usdPerMillionCachedInput: 1000,
          usdPerMillionOutput: 0,
        },
      ],
    };
    const model = new ScriptedModel(() => reply.text("word", { usage: { inputTokens: 100, outputTokens: 1 } }), {
      name: "own:model",
    });
    await using team = new RoundRobinGroupChat({
      participants: [new AssistantAgent({ name: "a", model })],
      prices,
      maxTurns: 9,
    });
    const result = await team.run("go", { budget: { usd: 0.35 } });
    expect(result.stopReason).toMatchObject({ kind: "budget" });
    // The estimates of four tenths of a dollar are far lower: the call that was allowed last may overshoot, the next is refused.
    expect(result.usage.total.usd).toBeCloseTo(0.4, 5);
    expect(result.usage.byModel["own:model"]?.usd).toBe(result.usage.total.usd);
  });

  it("refuse nonsense", async () => {
    await using agent = restless();
    await expect(agent.run("go", { budget: { turns: -1 } })).rejects.toMatchObject({ code: "config.invalid_option" });
  });
});

describe("the events of a run", () => {
  it("concatenate to the messages for a reader however slow", async () => {
    const text = "0123456789".repeat(1000);
    await using agent = new AssistantAgent({
      name: "a",
      model: new ScriptedModel([reply.text(text, { chunkSize: 1 })]),
    });
    let streamed = "";
    let pieces = 0;
    for await (const event of agent.run("go")) {
      if (event.kind !== "text-delta") continue;
      streamed += event.delta;
      pieces += 1;
      if (pieces % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(streamed).toBe(text);
  });

  it("are typed by kind", async () => {
    for await (const event of speaker("a").run("go")) {
      if (event.kind === "message") expectTypeOf(event.message.text).toEqualTypeOf<string>();
      if (event.kind === "text-delta") expectTypeOf(event.isLive).toEqualTypeOf<true>();
    }
  });
});

describe("a custom agent", () => {
  it("keeps what grows in lists of its own, which a failed turn does not change", async () => {
    const lists = { orders: z.object({ item: z.string() }) };
    let failures = 0;
    class Clerk extends BaseChatAgent<undefined, undefined, typeof lists> {
      // oxlint-disable-next-line require-yield
      async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext<undefined, typeof lists>) {
        for (const message of messages) context.lists.orders.append({ item: message.text });
        const orders = await context.lists.orders.read({ from: 1 });
        failures -= 1;
        if (failures === 2) throw new Error("no");
        if (failures === 1) context.lists.orders.append({ item: 1 as never });
        return this.reply(`${context.lists.orders.length}: ${orders.map((order) => order.item).join(", ")}`);
      }
    }
    const clerk = new Clerk({ name: "clerk", lists });
    const other = new Clerk({ name: "other", lists });
    await using team = new RoundRobinGroupChat({ participants: [clerk, other], maxTurns: 2 });
    const chat = team.session("s");
    expect((await chat.run("lamp")).messages.map((message) => message.text)).toEqual(["lamp", "1: ", "2: 1: "]);
    await using alone = new Clerk({ name: "clerk", lists });
    const session = alone.session("s");
    await session.run("lamp");
    failures = 3;
    await expect(session.run("fail")).rejects.toMatchObject({ agentPath: ["clerk"] });
    await expect(session.run("misfit")).rejects.toMatchObject({ cause: { code: "state.invalid_list_item" } });
    expect((await session.run("desk")).text).toBe("4: fail, misfit, desk");
  });

  it("may use steps, models and tools within the run's budget", async () => {
    const model = new ScriptedModel(["from the model"]);
    let steps = 0;
    class Worker extends BaseChatAgent<{ seen: number }> {
      async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext<{ seen: number }>) {
        context.state.seen += messages.length;
        const value = await context.step("count", () => ++steps);
        const outcome = await context.callModel({ model, request: { messages: [] } });
        yield { kind: "note" as const, name: "value", data: value };
        const words =
          outcome.status === "ok"
            ? outcome.result.content.map((part) => (part.kind === "text" ? part.text : "")).join("")
            : outcome.status;
        return this.reply(`${words}, ${value}, ${context.state.seen}`);
      }
    }
    await using worker = new Worker({ name: "w", state: () => ({ seen: 0 }) });
    const result = await worker.run("go");
    expect(result.text).toBe("from the model, 1, 1");
    expect(result.usage.byAgent["w"]?.calls).toBe(1);
    const second = await worker.run("go", { budget: { modelCalls: 0 } });
    expect(second.text).toBe("failed, 2, 1");
  });

  it("whose turn fails to be recorded fails the run, it does not hang", async () => {
    class Heavy extends BaseChatAgent<{ text: string }> {
      // oxlint-disable-next-line require-yield
      async *onMessages(_: readonly ChatMessage[], context: ChatAgentContext<{ text: string }>) {
        context.state.text = "x".repeat(100_000);
        return this.reply("done");
      }
    }
    await using runtime = new InProcessRuntime({ logger: quiet });
    const team = new RoundRobinGroupChat({
      participants: [new Heavy({ name: "h", state: () => ({ text: "" }) })],
      termination: new MaxMessageTermination(3),
    });
    await expect(team.run("go", { runtime })).rejects.toMatchObject({
      agentPath: ["h"],
      cause: { code: "state.too_large" },
    });
  });

  it("that says something too large for the store fails the run, it does not hang", async () => {
    await using runtime = new InProcessRuntime({ logger: quiet });
    const agent = new AssistantAgent({
      name: "a",
      model: new ScriptedModel([reply.text("x".repeat(2_000_000), { chunkSize: 100_000 })]),
    });
    await expect(agent.run("go", { runtime })).rejects.toMatchObject({ code: "run.failed" });
    await expect(agent.run("x".repeat(2_000_000), { runtime })).rejects.toThrow();
  });
});
