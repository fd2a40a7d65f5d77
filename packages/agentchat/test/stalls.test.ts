import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  MaxMessageTermination,
  type Participant,
  RoundRobinGroupChat,
  type RunEvent,
  TextMentionTermination,
  TimeoutTermination,
  UserProxyAgent,
} from "@troupe/agentchat";
import { InProcessRuntime, MemoryStore } from "@troupe/core";
import { jsonSchema, type Tool, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { Machine } from "./support/processes.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const hanging = (name: string): AssistantAgent =>
  new AssistantAgent({ name, model: new ScriptedModel(() => reply.hang()) });

const team = (name: string, ...participants: readonly Participant[]) => new RoundRobinGroupChat({ name, participants });

/** A tool that ends when it is told to. */
function hangingTool(timeoutMs?: number): Tool {
  return tool({
    name: "search",
    description: "Searches",
    input: jsonSchema<object>({ type: "object" }),
    timeoutMs,
    execute: (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
  });
}

describe("a time limit", () => {
  it("aborts a turn that is stuck, in a nested team too, and the session goes on", async () => {
    const model = new ScriptedModel([reply.hang(), "back again"]);
    const stuck = new AssistantAgent({ name: "s", model });
    await using outer = new RoundRobinGroupChat({
      name: "outer",
      participants: [new RoundRobinGroupChat({ name: "inner", participants: [stuck], maxTurns: 1 })],
      termination: new TextMentionTermination("back").or(new TimeoutTermination(40)),
    });
    const chat = outer.session("s");
    const { stopReason } = await chat.run("go");
    expect(stopReason).toMatchObject({
      kind: "condition",
      condition: "(TextMentionTermination or TimeoutTermination)",
      detail: "40 ms of at most 40 ms have passed",
    });
    expect((await chat.run("go")).text).toBe("back again");
  });

  it("goes on in the next process where it was, and what a condition remembers too", async () => {
    const words = (): AssistantAgent =>
      new AssistantAgent({ name: "w", model: new ScriptedModel(({ messages }) => `word ${messages.length}`) });
    for (let afterWrites = 1; afterWrites <= 12; afterWrites += 1) {
      await using machine = new Machine();
      const define = () =>
        new RoundRobinGroupChat({
          name: "talk",
          participants: [words()],
          termination: new MaxMessageTermination(4).and(new TextMentionTermination("word 2")),
        });
      const first = machine.start();
      first.kill(afterWrites);
      define()
        .run("go", { runtime: first.runtime, runId: "r" })
        .handle.result()
        .catch(() => {});
      await first.settled();
      const { stopReason, messages } = await define().run("go", { runtime: machine.start().runtime, runId: "r" });
      expect(stopReason.kind).toBe("condition");
      expect(messages).toHaveLength(4);
    }
    const store = new MemoryStore({ isDurable: true });
    const define = () =>
      new RoundRobinGroupChat({
        name: "slow",
        participants: [new UserProxyAgent({ name: "ada" }), hanging("s")],
        termination: new TimeoutTermination(200),
      });
    const first = new InProcessRuntime({ store });
    const rest = await define().run("go", { runtime: first, runId: "r" });
    await first.close();
    await using second = new InProcessRuntime({ store });
    const run = define().attach("r", { runtime: second });
    const answeredAt = performance.now();
    await run.respond(rest.questions[0]?.id ?? "", "go on");
    expect((await run).stopReason).toMatchObject({ kind: "condition", condition: "TimeoutTermination" });
    expect(performance.now() - answeredAt).toBeLessThan(5_000);
  });

  it("of an inner team, or one that must come with something else, is looked at between turns", async () => {
    const slow = new AssistantAgent({
      name: "s",
      model: new ScriptedModel((_request, { index }) => reply.text(`word ${index}`, { delayMs: 30 })),
    });
    const inner = new RoundRobinGroupChat({
      name: "inner",
      participants: [slow],
      termination: new TimeoutTermination(10).and(new TextMentionTermination("word 1")),
    });
    const outer = new RoundRobinGroupChat({ name: "outer", participants: [inner], maxTurns: 1 });
    const { messages, stopReason } = await outer.run("go");
    expect(messages.map(({ text }) => text)).toEqual(["go", "word 0", "word 1"]);
    expect(stopReason.kind).toBe("max-turns");
  });
});

describe("a stall", () => {
  it("is reported to whoever watches and to the operator, and does not end the run by itself", async () => {
    const reports: string[] = [];
    await using runtime = new InProcessRuntime({
      logger: { ...quiet, error: ({ error }: { readonly error?: unknown }) => reports.push(String(error)) },
    });
    const model = new ScriptedModel([reply.toolCall("search"), "done"]);
    const agent = new AssistantAgent({ name: "clerk", model, tools: [hangingTool(80)] });
    const run = team("desk", agent).run("go", { runtime, stall: { afterMs: 20 }, budget: { turns: 1 } });
    const seen: RunEvent[] = [];
    for await (const event of run.events()) seen.push(event);
    // The tool has 80 ms by its own limit, which cuts it then: no silence counts before.
    expect(seen.filter(({ kind }) => kind === "stalled")).toEqual([]);
    const patient = team("desk2", hanging("clerk")).run("go", { runtime, stall: { afterMs: 20 } });
    for await (const event of patient.events()) {
      if (event.kind !== "stalled") continue;
      expect(event.awaited).toEqual([{ path: ["clerk"], what: "model" }]);
      break;
    }
    expect(reports.join("\n")).toContain('"clerk" waits for model');
    await patient.cancel();
    expect((await patient).stopReason.kind).toBe("cancelled");
  });

  it("ends the run with what it waited for when it shall, in a nested team too", async () => {
    await using runtime = new InProcessRuntime({ logger: quiet });
    const outer = new RoundRobinGroupChat({
      name: "outer",
      participants: [team("inner", hanging("s"))],
      stall: { afterMs: 20, ends: true },
    });
    const { stopReason, messages } = await outer.run("go", { runtime });
    expect(stopReason).toMatchObject({ kind: "stalled", detail: expect.stringContaining('"inner/s" waits for model') });
    expect(messages).toHaveLength(1);
  });

  it("is none while a person is asked, while the run is paused, or while words come", async () => {
    await using runtime = new InProcessRuntime({ logger: quiet });
    const stall = { afterMs: 15, ends: true } as const;
    const asked = team("asking", new UserProxyAgent({ name: "ada" })).run("go", {
      runtime,
      stall,
      budget: { turns: 1 },
    });
    await asked;
    await new Promise((resolve) => setTimeout(resolve, 60));
    await asked.respond(asked.pending()[0]?.id ?? "", "here I am");
    expect((await asked).stopReason.kind).toBe("budget");
    const chatty = new AssistantAgent({
      name: "c",
      model: new ScriptedModel([reply.text("word ".repeat(30), { chunkSize: 5, chunkDelayMs: 3 })]),
    });
    expect((await chatty.run("go", { runtime, stall: { afterMs: 60, ends: true } })).stopReason.kind).toBe("finished");
    const paused = new Stepper({ name: "p" }).run("go", { runtime, stall });
    for await (const event of paused.events()) if (event.kind === "thought") break;
    await paused.pause();
    await new Promise((resolve) => setTimeout(resolve, 60));
    await paused.resume();
    expect((await paused).stopReason.kind).toBe("finished");
  });

  it("can be switched off, and nonsense is refused", async () => {
    const run = hanging("s").run("go", { stall: "off", budget: { wallTimeMs: 40 } });
    const kinds: string[] = [];
    for await (const event of run.events()) kinds.push(event.kind);
    expect(kinds).not.toContain("stalled");
    for (const afterMs of [0, -1, Number.NaN])
      await expect(hanging("s").run("go", { stall: { afterMs } })).rejects.toMatchObject({
        code: "config.invalid_option",
      });
  });
});

/** Thinks aloud between many short steps. */
class Stepper extends BaseChatAgent {
  async *onMessages(_: readonly ChatMessage[], context: ChatAgentContext) {
    for (let index = 0; index < 5; index += 1) {
      yield this.thought(`step ${index}`);
      await context.step("short", () => new Promise((resolve) => setTimeout(resolve, 2)).then(() => null));
    }
    return this.reply("done");
  }
}
