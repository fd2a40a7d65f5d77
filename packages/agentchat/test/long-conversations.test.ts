import { ModelError } from "@troupe/core";
import { AssistantAgent, type AssistantAgentOptions, type DurableRunEvent, type Session } from "@troupe/agentchat";
import {
  bufferedContext,
  estimateTokens,
  type ModelRequest,
  rollingSummaryContext,
  tool,
  unboundedContext,
} from "@troupe/llm";
import { reply, type ScriptFunction, ScriptedModel, type ScriptedModelOptions } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const contextWindow = 8_000;
const long = "a word or two ".repeat(60);

/** A provider with a window: what is too long it refuses. */
function strict(answer: ScriptFunction, limit = contextWindow, options: ScriptedModelOptions = {}): ScriptedModel {
  return new ScriptedModel(
    (request, call) => {
      const tokens = estimateTokens(request.messages, request.tools);
      if (tokens > limit) return reply.failure(tooLong(tokens));
      return answer(request, call);
    },
    { capabilities: { contextWindow }, keepRequests: 10_000, ...options },
  );
}

function tooLong(tokens: number): ModelError {
  return new ModelError("model.context_overflow", `${tokens} tokens are too many`, { remedy: "Send less." });
}

const textOf = (request: ModelRequest | undefined): string => JSON.stringify(request?.messages);

function make(model: ScriptedModel, options: Partial<AssistantAgentOptions> = {}): Session<undefined> {
  return new AssistantAgent({ name: "a", model, ...options }).session("s");
}

/** Runs a task and gives what it recorded of pruning. */
async function pruningsOf(session: Session<undefined>, task: string) {
  const run = session.run(task);
  const found: Extract<DurableRunEvent, { kind: "history-pruned" }>[] = [];
  for await (const event of run.events()) if (event.kind === "history-pruned") found.push(event);
  await run;
  return found;
}

describe("a conversation that outgrows its model", () => {
  it("goes on for 200,000 tokens on a window of 8,000, says when it leaves something out, and keeps everything", async () => {
    const model = strict((_request, { index }) => `${index}: ${long}`);
    const session = make(model);
    const events: Extract<DurableRunEvent, { kind: "history-pruned" }>[] = [];
    const turns = 500;
    for (let turn = 0; turn < turns; turn += 1) events.push(...(await pruningsOf(session, `${turn}? ${long}`)));
    expect(model.calls).toBe(turns);
    const sent = model.requests.map((request) => estimateTokens(request.messages));
    expect(sent.reduce((sum, tokens) => sum + tokens, 0)).toBeGreaterThan(200_000);
    expect(Math.max(...sent)).toBeLessThanOrEqual(contextWindow * 0.8);
    // Not at every turn: what is left out at once makes room for a while, in which the start stays the same.
    expect(events.length).toBeGreaterThan(10);
    expect(events.length).toBeLessThan(turns / 5);
    for (const event of events) {
      expect(event).toMatchObject({ reason: "window", path: ["a"] });
      expect(event.tokensAfter).toBeLessThan(event.tokensBefore);
      expect(event.messages).toBeGreaterThan(0);
    }
    // The task is always there, and the newest message too.
    expect(textOf(model.requests.at(-1))).toContain("0? a word");
    expect(textOf(model.requests.at(-1))).toContain(`${turns - 1}? a word`);
    expect((await session.messages()).length).toBe(2 * turns);
  }, 60_000);

  it("clears old results of tools first, and keeps every call with its result", async () => {
    const look = tool({
      name: "look",
      description: "looks",
      input: z.object({ n: z.int() }),
      execute: () => long.repeat(4),
    });
    const model = strict((_request, { index }) => (index < 30 ? reply.toolCall("look", { n: index }) : "done"));
    const session = make(model, { tools: [look], maxToolIterations: 40 });
    const events = await pruningsOf(session, "go");
    expect(events[0]).toMatchObject({ reason: "window", messages: 0 });
    expect(events[0]?.cleared).toBeGreaterThan(0);
    for (const { messages } of model.requests) {
      const called = messages
        .flatMap((m) => (m.role === "assistant" ? m.content : []))
        .filter((p) => p.kind === "tool-call");
      const answered = messages.flatMap((m) => (m.role === "tool" ? m.content : []));
      expect(answered.map((part) => part.callId)).toEqual(called.map((part) => part.callId));
    }
  });

  it("trusts what the provider counts more than its own estimate, also in the next turn", async () => {
    // This provider counts twice as many tokens as the estimate.
    const model = strict(
      (request) =>
        reply.text(long, { usage: { inputTokens: estimateTokens(request.messages) * 2, outputTokens: 400 } }),
      contextWindow / 2,
    );
    const session = make(model);
    const reasons: string[] = [];
    for (let turn = 0; turn < 30; turn += 1)
      reasons.push(...(await pruningsOf(session, `${turn}? ${long}`)).map((event) => event.reason));
    expect(reasons.length).toBeGreaterThan(2);
    expect(new Set(reasons)).toEqual(new Set(["window"]));
  });

  it("is sent once more with less when the provider says that it is too long, and stays short", async () => {
    // Nothing is known of the window.
    const model = strict(() => long, 3_000, { capabilities: {} });
    const session = make(model);
    const reasons: string[] = [];
    for (let turn = 0; turn < 20; turn += 1)
      reasons.push(...(await pruningsOf(session, `${turn}? ${long}`)).map((event) => event.reason));
    expect(reasons.length).toBeGreaterThan(1);
    expect(reasons.length).toBeLessThan(8);
    expect(new Set(reasons)).toEqual(new Set(["overflow"]));
    expect(model.calls).toBe(20 + reasons.length);
  });

  it("fails with the provider's error when even half is too long, after one more call", async () => {
    const model = strict(() => long, 10, { capabilities: {} });
    const agent = new AssistantAgent({ name: "a", model });
    await expect(agent.run(long.repeat(4))).rejects.toMatchObject({ cause: { code: "model.context_overflow" } });
    expect(model.calls).toBe(2);
  });

  it("cuts a message that is larger than the window, and answers", async () => {
    const model = strict(() => "read");
    const session = make(model);
    const [event] = await pruningsOf(session, `first ${long.repeat(100)} last`);
    expect(event).toMatchObject({ reason: "window" });
    expect(textOf(model.requests[0])).toMatch(/first .*tokens left out.* last/);
  });

  it("is sent whole with the unbounded context: the provider decides", async () => {
    const model = strict(() => long);
    const session = make(model, { modelContext: unboundedContext() });
    await session.run("go");
    await expect(session.run(long.repeat(100))).rejects.toMatchObject({ cause: { code: "model.context_overflow" } });
    expect(model.calls).toBe(2);
  });

  it("is pruned over other contexts too", async () => {
    const model = strict(() => long);
    const session = make(model, { modelContext: bufferedContext({ size: 6 }) });
    await session.run("one");
    const [event] = await pruningsOf(session, long.repeat(100));
    expect(event).toMatchObject({ reason: "window" });
    expect(model.calls).toBe(2);
  });

  it("touches nothing while there is room, and nothing at all when the window is not known", async () => {
    const known = strict((request) => reply.text("ok", { usage: { inputTokens: estimateTokens(request.messages) } }));
    const unknown = strict(() => "ok", 1e9, { capabilities: {} });
    for (const model of [known, unknown]) {
      const session = make(model, { systemMessage: null });
      for (let turn = 0; turn < 3; turn += 1) expect(await pruningsOf(session, `${turn}`)).toEqual([]);
      expect(model.requests.at(-1)?.messages).toHaveLength(5);
      expect(textOf(model.requests.at(-1))).not.toContain("troupe");
    }
  });
});

describe("a rolling summary", () => {
  it("is written once per growth, kept with the history, and told on", async () => {
    const writer = new ScriptedModel((_request, { index }) => `summary ${index}`, { name: "test:writer" });
    const model = strict((_request, { index }) => `${index}: ${long}`);
    const session = make(model, { modelContext: rollingSummaryContext({ maxTokens: 3_000, model: writer }) });
    const events: Extract<DurableRunEvent, { kind: "history-pruned" }>[] = [];
    for (let turn = 0; turn < 40; turn += 1) events.push(...(await pruningsOf(session, `${turn}? ${long}`)));
    expect(writer.calls).toBeGreaterThan(3);
    expect(writer.calls).toBeLessThan(15);
    expect(events.map((event) => event.reason)).toEqual(Array.from({ length: writer.calls }, () => "summary"));
    // Each message is summarised once: the numbers add up to what is not shown.
    const last = model.requests.at(-1);
    expect(textOf(last)).toContain(`summary ${writer.calls - 1}`);
    expect(textOf(last)).not.toContain(`summary ${writer.calls - 2}`);
    const told = events.reduce((sum, event) => sum + event.messages, 0);
    const shownNow = (last?.messages.length ?? 0) - 2;
    expect(told + shownNow).toBe(79);
    expect(textOf(writer.requests[1])).toContain("summary 0");
    expect(textOf(writer.requests[1])).not.toContain("0? a word");
  });

  it("that fails is left out for the turn: the conversation goes on", async () => {
    const writer = new ScriptedModel(() =>
      reply.failure(new ModelError("model.server_error", "down", { remedy: "wait" })),
    );
    const model = strict(() => long);
    const session = make(model, { modelContext: rollingSummaryContext({ maxTokens: 500, model: writer }) });
    for (let turn = 0; turn < 4; turn += 1) await session.run(long);
    expect(model.calls).toBe(4);
    expect(writer.calls).toBeGreaterThan(0);
    expect(writer.calls).toBeLessThanOrEqual(4);
  });

  it("of a long backlog is made in parts that the model can read", async () => {
    const model = strict(({ messages }) => (textOf({ messages }).includes("Summarise") ? "short" : long));
    const agent = new AssistantAgent({ name: "a", model, modelContext: rollingSummaryContext({ maxTokens: 2_000 }) });
    const tasks = Array.from({ length: 60 }, (_, index) => ({ kind: "text", text: `${index} ${long}` }) as const);
    expect((await agent.run(tasks)).text).toBe(long);
    expect(model.calls).toBeGreaterThan(2);
  });
});
