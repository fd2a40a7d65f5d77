import { AssistantAgent, type AssistantAgentOptions, type RunEvent } from "@troupe/agentchat";
import type { ChatModel, Tool } from "@troupe/llm";
import { reply, type Script, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { z } from "zod";
import { verifies } from "../agentchat.ts";
import { codeOf, errorOf, eventsOf, simpleTool, thrownCode } from "./fixtures.ts";

interface Made {
  readonly agent: AssistantAgent;
  readonly model: ScriptedModel;
}

function make(script: Script, options: Partial<AssistantAgentOptions> = {}): Made {
  const model = new ScriptedModel(script);
  return { agent: new AssistantAgent({ name: "a", model, ...options }), model };
}

const add: Tool = simpleTool("add", () => 3);
const kindsOf = (events: readonly RunEvent[]): readonly string[] =>
  events.filter((event) => !event.isLive).map((event) => event.kind);

function joined(events: readonly RunEvent[], messageId: string | undefined): string {
  return events
    .map((event) => (event.kind === "text-delta" && event.messageId === messageId ? event.delta : ""))
    .join("");
}

verifies("chat-19", "a text reply is one text message with its usage", async () => {
  const result = await make([reply.text("hi", { usage: { inputTokens: 7, outputTokens: 2 } })]).agent.run("go");
  expect(result.messages.at(-1)).toMatchObject({ kind: "text", source: "a", text: "hi" });
  expect(result.usage.total).toMatchObject({ inputTokens: 7, outputTokens: 2, calls: 1, estimated: false, usd: null });
  expect(result.usage.byAgent["a"]?.inputTokens).toBe(7);
  expect(result.usage.byModel["scripted:model"]?.outputTokens).toBe(2);
});

verifies("chat-20", "joined deltas equal the text", async () => {
  const { agent } = make([reply.text("a longer answer in many pieces", { chunkSize: 3 })]);
  const run = agent.run("go");
  const events = await eventsOf(run);
  const last = (await run).messages.at(-1);
  expect(joined(events, last?.id)).toBe(last?.text);
});

verifies("chat-21", "joined deltas of a reflection equal its text", async () => {
  const script = [reply.toolCall("add"), reply.text("which makes three", { chunkSize: 4 })];
  const { agent } = make(script, { tools: [add], maxToolIterations: 1, reflectOnToolUse: true });
  const run = agent.run("go");
  const events = await eventsOf(run);
  const last = (await run).messages.at(-1);
  expect(last?.text).toBe("which makes three");
  expect(joined(events, last?.id)).toBe(last?.text);
});

verifies("chat-23", "a stream without a result fails the run", async () => {
  const { capabilities } = new ScriptedModel([]);
  const model: ChatModel = {
    kind: "chat-model",
    name: "broken:stream",
    capabilities,
    generate: () => Promise.reject(new Error("not used")),
    async *stream() {
      yield { kind: "text-delta", partId: "0", delta: "half" };
    },
  };
  const error = await errorOf(new AssistantAgent({ name: "a", model }).run("go"));
  expect(error).toMatchObject({ cause: { code: "model.invalid_response" } });
});

const Verdict = z.object({ approved: z.boolean() });

verifies("chat-24", "an output schema gives data; a misfit is repaired once", async () => {
  const good = new AssistantAgent({ name: "a", model: new ScriptedModel(['{"approved":true}']), output: Verdict });
  const result = await good.run("go");
  expect(result.output.approved).toBe(true);
  expect(result.messages.at(-1)).toMatchObject({ kind: "structured", data: { approved: true } });

  const model = new ScriptedModel(["yes", '```json\n{"approved":false}\n```']);
  const repaired = new AssistantAgent({ name: "a", model, output: Verdict });
  expect((await repaired.run("go")).output.approved).toBe(false);
  expect(JSON.stringify(model.requests[1]?.messages.at(-1))).toContain("Answer again");

  const broken = new AssistantAgent({ name: "a", model: new ScriptedModel(["yes", "no"]), output: Verdict });
  expect(await errorOf(broken.run("go"))).toMatchObject({ cause: { code: "model.invalid_output" } });
});

verifies("chat-26", "a thought is one event before the answer and stays with it", async () => {
  const { agent, model } = make([reply.text("answer", { reasoning: "hm" }), "again"]);
  await using _ = agent;
  const chat = agent.session("s");
  const run = chat.run("go");
  expect(kindsOf(await eventsOf(run))).toEqual([
    "run-started",
    "message",
    "model-called",
    "thought",
    "message",
    "run-finished",
  ]);
  const second = chat.run("go on");
  expect(kindsOf(await eventsOf(second))).not.toContain("thought");
  const assistant = model.requests[1]?.messages.find((message) => message.role === "assistant");
  expect(assistant?.content).toMatchObject([
    { kind: "reasoning", text: "hm" },
    { kind: "text", text: "answer" },
  ]);
});

verifies("chat-27", "thoughts are shown in every round and in the reflection", async () => {
  const script = [
    reply.toolCalls([{ name: "add" }], { reasoning: "first" }),
    reply.toolCalls([{ name: "add" }], { reasoning: "second" }),
    reply.text("done", { reasoning: "third" }),
  ];
  const { agent } = make(script, { tools: [add], maxToolIterations: 2, reflectOnToolUse: true });
  const events = await eventsOf(agent.run("go"));
  expect(events.flatMap((event) => (event.kind === "thought" ? [event.text] : []))).toEqual([
    "first",
    "second",
    "third",
  ]);
});

verifies("chat-29", "null as system message sends none", async () => {
  const { agent, model } = make(["hi"], { systemMessage: null });
  await agent.run("go");
  expect(model.requests[0]?.messages.map((message) => message.role)).toEqual(["user"]);
  const other = make(["hi"]);
  await other.agent.run("go");
  expect(other.model.requests[0]?.messages.map((message) => message.role)).toEqual(["system", "user"]);
});

verifies("chat-30", "one cancel reaches the tools and the model", async () => {
  const signals: AbortSignal[] = [];
  const started = Promise.withResolvers<void>();
  const slow: Tool = {
    ...simpleTool("slow", () => undefined),
    parseArguments: () => ({
      kind: "valid",
      value: {},
      needsApproval: false,
      run: ({ signal }) => {
        signals.push(signal);
        if (signals.length === 2) started.resolve();
        return new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
        );
      },
    }),
  };
  const { agent } = make([reply.toolCalls([{ name: "slow" }, { name: "slow" }])], { tools: [slow] });
  const run = agent.run("go");
  await started.promise;
  await run.cancel();
  expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
  const hanging = make([reply.hang()]);
  const other = hanging.agent.run("go");
  for await (const event of other.events()) if (event.kind === "model-started") break;
  await other.cancel();
  expect(hanging.model.requests[0]?.signal?.aborted).toBe(true);
});

verifies("chat-31", "with one iteration: request, execution, summary, one model call", async () => {
  const { agent, model } = make([reply.toolCall("add")], { tools: [add], maxToolIterations: 1 });
  const run = agent.run("go");
  expect(kindsOf(await eventsOf(run)).slice(2)).toEqual([
    "model-called",
    "tool-call-requested",
    "tool-call-finished",
    "message",
    "run-finished",
  ]);
  expect((await run).messages.at(-1)).toMatchObject({ kind: "tool-summary", text: "3", results: [{ status: "ok" }] });
  expect(model.calls).toBe(1);
});

verifies("chat-32", "reflection answers in text, the tools ran once", async () => {
  let runs = 0;
  const count = simpleTool("count", () => ++runs);
  const { agent, model } = make([reply.toolCall("count"), "counted"], {
    tools: [count],
    maxToolIterations: 1,
    reflectOnToolUse: true,
  });
  expect((await agent.run("go")).text).toBe("counted");
  expect(runs).toBe(1);
  expect(model.requests[1]).toMatchObject({ toolChoice: "none", tools: [{ name: "count" }] });
});

verifies("chat-33", "with output and tools the agent reflects by default", async () => {
  const model = new ScriptedModel([reply.toolCall("add"), '{"approved":true}']);
  const agent = new AssistantAgent({ name: "a", model, tools: [add], output: Verdict, maxToolIterations: 1 });
  const result = await agent.run("go");
  expect(result.messages.at(-1)?.kind).toBe("structured");
  expect(result.output).toEqual({ approved: true });
});

verifies("chat-34", "two rounds of tools and a text are three calls", async () => {
  const { agent, model } = make([reply.toolCall("add"), reply.toolCall("add"), "three"], {
    tools: [add],
    maxToolIterations: 3,
  });
  expect((await agent.run("go")).text).toBe("three");
  expect(model.calls).toBe(3);
});

verifies("chat-35", "a model that always calls tools is called as often as allowed", async () => {
  const options = { tools: [add], maxToolIterations: 5, loops: "off" } as const;
  const { agent, model } = make(() => reply.toolCall("add"), options);
  expect((await agent.run("go")).messages.at(-1)?.kind).toBe("tool-summary");
  expect(model.calls).toBe(5);
});

verifies("chat-36", "a limit of 0 is rejected", () => {
  expect(thrownCode(() => make([], { maxToolIterations: 0 }))).toBe("config.invalid_option");
});

verifies("chat-37", "calls of one answer run side by side, results keep their order", async () => {
  const both = Promise.withResolvers<void>();
  let started = 0;
  const meet = (name: string): Tool =>
    simpleTool(name, async () => {
      started += 1;
      if (started === 2) both.resolve();
      await both.promise;
      return name;
    });
  const { agent, model } = make([reply.toolCalls([{ name: "one" }, { name: "two" }]), "met"], {
    tools: [meet("one"), meet("two")],
  });
  expect((await agent.run("go")).text).toBe("met");
  const results = model.requests[1]?.messages.at(-1);
  expect(results?.role === "tool" && results.content.map((part) => part.toolName)).toEqual(["one", "two"]);
});

verifies("chat-38", "faults of calls are results, the agent answers", async () => {
  const bad = simpleTool("bad", () => {
    throw new Error("out of order");
  });
  const calls = [{ name: "add", argumentsText: "{" }, { name: "bad" }, { name: "nobody" }, { name: "add" }];
  const { agent, model } = make([reply.toolCalls(calls), "I see"], { tools: [add, bad] });
  expect((await agent.run("go")).text).toBe("I see");
  const results = model.requests[1]?.messages.at(-1);
  if (results?.role !== "tool") throw new Error("no results");
  expect(results.content.map((part) => part.status)).toEqual(["error", "error", "error", "ok"]);
  expect(JSON.stringify(results.content)).toContain("out of order");
  expect(JSON.stringify(results.content)).toContain('no tool \\"nobody\\"');
});

verifies("chat-39", "a function makes the summary and sees failures", async () => {
  const bad = simpleTool("bad", () => {
    throw new Error("no");
  });
  const { agent } = make([reply.toolCalls([{ name: "add", arguments: {} }, { name: "bad" }])], {
    tools: [add, bad],
    maxToolIterations: 1,
    summarizeTools: (call, result) =>
      result.status === "ok" ? `${call.toolName}(${call.arguments}) worked` : `${call.toolName} ${result.status}`,
  });
  expect((await agent.run("go")).text).toBe("add({}) worked\nbad error");
});

verifies("chat-40", "several results are joined by newline", async () => {
  const { agent } = make([reply.toolCalls([{ name: "add" }, { name: "add" }])], { tools: [add], maxToolIterations: 1 });
  expect((await agent.run("go")).text).toBe("3\n3");
});

verifies("chat-41", "two tools of a name, and tools for a model without, are rejected", () => {
  expect(thrownCode(() => make([], { tools: [add, add] }))).toBe("config.duplicate_name");
  const model = new ScriptedModel([], { capabilities: { tools: false } });
  expect(thrownCode(() => new AssistantAgent({ name: "a", model, tools: [add] }))).toBe("config.invalid_definition");
});

verifies("chat-51", "a handoff's context comes before its text", async () => {
  const { agent, model } = make(["taken over"]);
  const context = [{ role: "user" as const, content: [{ kind: "text" as const, text: "earlier" }] }];
  await agent.run({ kind: "handoff", text: "yours now", target: "a", source: "b", context });
  const texts = model.requests[0]?.messages.slice(1).map((message) => JSON.stringify(message.content));
  expect(texts).toHaveLength(2);
  expect(texts?.[0]).toContain("earlier");
  expect(texts?.[1]).toContain("yours now");
});

verifies("chat-53", "a saved session goes on elsewhere; a reset one starts anew", async () => {
  const first = make(["one"]);
  await using _ = first.agent;
  const chat = first.agent.session("s");
  await chat.run("remember me");
  const saved = JSON.parse(JSON.stringify(await chat.snapshot())) as Record<string, unknown>;
  const second = make(["two", "three"]);
  await using __ = second.agent;
  const other = second.agent.session("t");
  await other.restore(saved);
  await other.run("and?");
  expect(JSON.stringify(second.model.requests[0]?.messages)).toContain("remember me");
  await other.reset();
  await other.run("and now?");
  expect(JSON.stringify(second.model.requests[1]?.messages)).not.toContain("remember me");
  expect(await codeOf(other.restore({ kind: "nonsense" }))).toBe("run.invalid_snapshot");
});
