import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  CodeExecutorAgent,
  type DurableRunEvent,
  MaxMessageTermination,
  RoundRobinGroupChat,
  type Run,
} from "@troupe/agentchat";
import { type ChatModel, type ModelMessage, tool, type ToolResultPart } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

/** Ten times the 250 ms that a cancel may take. */
const boundMs = 2_500;

async function within<T>(what: string, promise: PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${boundMs} ms`)), boundMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

const gate = () => Promise.withResolvers<void>();

/** Waits for the first event of a kind, live ones included. */
async function seen(run: Run<unknown>, kind: string): Promise<void> {
  for await (const event of run.events()) if (event.kind === kind) return;
}

/** Every call in a conversation is followed by exactly one result (I1). */
function expectPaired(messages: readonly ModelMessage[]): void {
  const calls = messages.flatMap((message) =>
    message.role === "assistant" ? message.content.filter((part) => part.kind === "tool-call") : [],
  );
  const results = messages.flatMap((message) => (message.role === "tool" ? message.content : []));
  expect(results.map((part) => part.callId)).toEqual(calls.map((call) => call.callId));
}

const slowTool = (started: () => void, obeys: boolean) =>
  tool({
    name: "dig",
    description: "Digs",
    input: z.object({}),
    execute: (_, { signal }) =>
      new Promise<string>((_resolve, reject) => {
        started();
        if (obeys) signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      }),
  });

describe("cancel", () => {
  it("ends a model stream, keeps and marks the words that came, and leaves the session usable", async () => {
    const model = new ScriptedModel([
      reply.text("one two three four five six", { chunkSize: 4, chunkDelayMs: 30 }),
      "Fine.",
    ]);
    await using agent = new AssistantAgent({ name: "speaker", model });
    const chat = agent.session("s");
    const run = chat.run("Count.");
    await seen(run, "text-delta");
    await within("cancel", run.cancel("enough"));
    const result = await run;
    expect(result.stopReason).toMatchObject({ kind: "cancelled", detail: "enough" });
    expect(result.messages.at(-1)).toMatchObject({ source: "speaker", isPartial: true });
    expect("one two three four five six".startsWith(result.text)).toBe(true);
    expect((await chat.run("Go on.")).text).toBe("Fine.");
  });

  it("ends a model that never answers", async () => {
    await using agent = new AssistantAgent({ name: "sleeper", model: new ScriptedModel([reply.hang(), "Awake."]) });
    const run = agent.run("Sleep.");
    await seen(run, "model-started");
    await within("cancel", run.cancel());
    expect((await run).stopReason.kind).toBe("cancelled");
    expect((await agent.run("Again.")).text).toBe("Awake.");
  });

  it("leaves a model that does not hear its signal at once, streaming or not, with the words that came", async () => {
    for (const streaming of [true, false]) {
      const { capabilities } = new ScriptedModel([]);
      const model: ChatModel = {
        kind: "chat-model",
        name: "deaf:model",
        capabilities: { ...capabilities, streaming },
        generate: () => new Promise(() => {}),
        async *stream() {
          yield { kind: "text-delta", partId: "0", delta: "half" };
          await new Promise(() => {});
        },
      };
      await using agent = new AssistantAgent({ name: "deaf", model });
      const run = agent.run("Go.");
      await seen(run, streaming ? "text-delta" : "model-started");
      const before = performance.now();
      await run.cancel();
      expect(performance.now() - before).toBeLessThan(200);
      expect((await run).messages.slice(1)).toMatchObject(streaming ? [{ text: "half", isPartial: true }] : []);
    }
  });

  for (const obeys of [true, false]) {
    it(`N1, I1: closes the calls of a tool that ${obeys ? "obeys" : "ignores"} its signal, one result each`, async () => {
      const started = gate();
      const model = new ScriptedModel([reply.toolCalls([{ name: "dig" }, { name: "quick" }]), "After."]);
      const quick = tool({ name: "quick", description: "Quick", input: z.object({}), execute: () => "done" });
      await using agent = new AssistantAgent({
        name: "digger",
        model,
        tools: [slowTool(started.resolve, obeys), quick],
      });
      const chat = agent.session("s");
      const run = chat.run("Dig.");
      await started.promise;
      await within("cancel", run.cancel());
      expect((await run).stopReason.kind).toBe("cancelled");
      expect((await chat.run("And?")).text).toBe("After.");
      const history = model.requests[1]?.messages ?? [];
      expectPaired(history);
      const results = history.flatMap((message): readonly ToolResultPart[] =>
        message.role === "tool" ? message.content : [],
      );
      expect(results.map((part) => part.status)).toEqual([obeys ? "cancelled" : "unknown", "ok"]);
    });
  }

  it("ends a program that loops in its sandbox", async () => {
    const started = gate();
    const executor = {
      kind: "code-executor" as const,
      name: "loop",
      languages: ["js"],
      execute: (_blocks: unknown, options?: { readonly signal?: AbortSignal | undefined }) =>
        new Promise<never>((_, reject) => {
          options?.signal?.addEventListener("abort", () => reject(options.signal?.reason), { once: true });
          started.resolve();
        }),
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
    await using agent = new CodeExecutorAgent({ name: "runner", executor });
    const run = agent.run("```js\nfor (;;);\n```");
    await started.promise;
    await within("cancel", run.cancel());
    expect((await run).stopReason.kind).toBe("cancelled");
  });

  it("reaches a step of a custom agent, and an agent in a nested team", async () => {
    const started = gate();
    class Stepper extends BaseChatAgent {
      async *onMessages(_: readonly ChatMessage[], context: ChatAgentContext) {
        await context.step("wait", ({ signal }) => {
          started.resolve();
          return new Promise<void>((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
          );
        });
        yield this.thought("never");
        return this.reply("never");
      }
    }
    const inner = new RoundRobinGroupChat({ name: "inner", participants: [new Stepper({ name: "stepper" })] });
    await using team = new RoundRobinGroupChat({
      name: "outer",
      participants: [inner],
      termination: new MaxMessageTermination(5),
    });
    const run = team.run("Go.");
    await started.promise;
    await within("cancel", run.cancel());
    expect((await run).stopReason.kind).toBe("cancelled");
  });

  it("by the caller's signal rejects with its reason, unwrapped, and leaves no listener", async () => {
    await using agent = new AssistantAgent({ name: "sleeper", model: new ScriptedModel([reply.hang()]) });
    const controller = new AbortController();
    const reason = new Error("the user left");
    const run = agent.run("Sleep.", { signal: controller.signal });
    await seen(run, "model-started");
    controller.abort(reason);
    await expect(within("abort", run)).rejects.toBe(reason);
    await expect(agent.run("Sleep.", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("H3: before the run has begun, twice, and after its end do no harm", async () => {
    await using agent = new AssistantAgent({ name: "quick", model: new ScriptedModel(() => "Hello.") });
    const early = agent.run("Go.");
    await Promise.all([within("cancel", early.cancel()), within("cancel", early.cancel())]);
    expect(["cancelled", "finished"]).toContain((await early).stopReason.kind);
    const late = agent.run("Go.");
    await late;
    await within("cancel", late.cancel());
    expect((await late).stopReason.kind).toBe("finished");
  });

  it("H5: happens when the last loop over the run is left, and does not when a watcher leaves", async () => {
    const speaker = new AssistantAgent({
      name: "speaker",
      model: new ScriptedModel((_request, { turn }) => `turn ${turn}`),
    });
    await using team = new RoundRobinGroupChat({ participants: [speaker], termination: new MaxMessageTermination(20) });
    const run = team.run("Go.");
    for await (const event of run.events()) if (event.kind === "message") break;
    for await (const event of run) if (event.kind === "message" && event.message.text === "turn 2") break;
    expect((await run).stopReason.kind).toBe("cancelled");
    const watched = team.run("Go.");
    for await (const event of watched.events()) if (event.kind === "message") break;
    expect((await watched).stopReason.kind).toBe("condition");
  });

  it("stop() lets the current speaker finish, also one in a nested team", async () => {
    const speaker = new AssistantAgent({
      name: "speaker",
      model: new ScriptedModel((_request, { turn }) => reply.text(`turn ${turn}`, { delayMs: 5 })),
    });
    const inner = new RoundRobinGroupChat({ name: "inner", participants: [speaker] });
    await using team = new RoundRobinGroupChat({ name: "outer", participants: [inner] });
    const run = team.run("Go.");
    for await (const event of run) if (event.kind === "message" && event.message.text === "turn 2") await run.stop();
    const result = await run;
    expect(result.stopReason.kind).toBe("stopped");
    expect(result.messages.every((message) => message.isPartial !== true)).toBe(true);
    expect(result.messages.length).toBeLessThanOrEqual(5);
  });

  it("pause() starts no new step until resume()", async () => {
    const model = new ScriptedModel((_request, { turn }) => reply.text(`turn ${turn}`, { delayMs: 2 }));
    await using team = new RoundRobinGroupChat({
      participants: [new AssistantAgent({ name: "speaker", model })],
      termination: new MaxMessageTermination(6),
    });
    const run = team.run("Go.");
    await seen(run, "text-delta");
    await run.pause();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const calls = model.calls;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(model.calls).toBe(calls);
    expect(calls).toBeLessThan(5);
    await run.resume();
    expect((await run).stopReason.kind).toBe("condition");
  });

  it("ends a paused run, and one that waits for a person", async () => {
    const model = new ScriptedModel((_request, { turn }) => reply.text(`turn ${turn}`, { delayMs: 2 }));
    await using team = new RoundRobinGroupChat({ participants: [new AssistantAgent({ name: "speaker", model })] });
    const run = team.run("Go.");
    await seen(run, "model-called");
    await run.pause();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await within("cancel of a paused run", run.cancel());
    expect((await run).stopReason.kind).toBe("cancelled");
  });

  it("interrupt(now) stops the speaker, everybody hears the message, and the run goes on", async () => {
    const model = new ScriptedModel([reply.hang(), "I heard you."]);
    await using agent = new AssistantAgent({ name: "listener", model });
    const run = agent.run("Think for ever.");
    await seen(run, "model-started");
    await run.interrupt("Stop thinking.", { at: "now" });
    const result = await within("the run", run);
    expect(result.text).toBe("I heard you.");
    expect(JSON.stringify(model.requests[1]?.messages)).toContain("Stop thinking.");
  });

  it("interrupt() is heard in nested teams, and shown once", async () => {
    for (const at of ["now", "after-step"] as const) {
      const model = new ScriptedModel([
        at === "now" ? reply.hang() : reply.text("first", { delayMs: 20 }),
        "heard",
        "outer heard",
      ]);
      const agent = new AssistantAgent({ name: "listener", model });
      const inner = new RoundRobinGroupChat({ name: "inner", participants: [agent], maxTurns: at === "now" ? 1 : 2 });
      const last = new AssistantAgent({ name: "last", model });
      await using team = new RoundRobinGroupChat({ name: "outer", participants: [inner, last], maxTurns: 2 });
      const run = team.run("Go.");
      await seen(run, "model-started");
      await run.interrupt("A word.", { at });
      const result = await within("the run", run);
      expect(result.messages.filter((message) => message.text === "A word.")).toHaveLength(1);
      for (const request of model.requests.slice(1)) {
        expect(JSON.stringify(request.messages).split("A word.")).toHaveLength(2);
      }
      expect(result.text).toBe("outer heard");
    }
  });

  it("M1: ends the events with run-finished, and numbers them without gaps", async () => {
    await using agent = new AssistantAgent({ name: "sleeper", model: new ScriptedModel([reply.hang()]) });
    const run = agent.run("Sleep.");
    await seen(run, "model-started");
    await run.cancel();
    const events: DurableRunEvent[] = [];
    for await (const event of run.events()) if (!event.isLive) events.push(event);
    expect(events.map((event) => event.sequence)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)?.kind).toBe("run-finished");
  });
});
