import { AssistantAgent, RoundRobinGroupChat } from "@troupe/agentchat";
import type { ModelMessage } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { verifies } from "../agentchat.ts";
import { assistant, Echo, errorOf, eventsOf, head, simpleTool } from "./fixtures.ts";

verifies("chat-136", "the next run works after an agent's error", async () => {
  const flaky = assistant("flaky", [reply.failure(new Error("once")), "well again"]);
  await using team = new RoundRobinGroupChat({ participants: [flaky], maxTurns: 1 });
  const chat = team.session("s");
  expect(String(await errorOf(chat.run("x")))).toContain("once");
  expect((await chat.run("x")).text).toBe("well again");
});

verifies("chat-137", "a cancel during a slow tool ends soon and leaves no unanswered call", async () => {
  const started = Promise.withResolvers<void>();
  const slow = simpleTool("slow", () => {
    started.resolve();
    return new Promise(() => {});
  });
  const model = new ScriptedModel([reply.toolCall("slow"), "after"]);
  await using agent = new AssistantAgent({ name: "a", model, tools: [slow] });
  const chat = agent.session("s");
  const run = chat.run("x");
  await started.promise;
  const before = performance.now();
  await run.cancel();
  expect(performance.now() - before).toBeLessThan(2_500);
  await chat.run("y");
  const history: readonly ModelMessage[] = model.requests[1]?.messages ?? [];
  const roles = history.map((message) => message.role);
  expect(roles).toEqual(["system", "user", "assistant", "tool", "user"]);
});

verifies("chat-138", "leaving the stream stops the model calls", async () => {
  const model = new ScriptedModel((_request, { turn }) => reply.text(`turn ${turn}`, { delayMs: 1 }));
  await using team = new RoundRobinGroupChat({
    participants: [new AssistantAgent({ name: "a", model })],
    maxTurns: 40,
  });
  const run = team.run("x");
  for await (const event of run) if (event.kind === "message" && event.message.source === "a") break;
  const { calls } = model;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(model.calls).toBe(calls);
  expect(calls).toBeLessThan(5);
});

verifies("chat-139", "pause and resume of a run that is over return at once", async () => {
  const inner = new RoundRobinGroupChat({ name: "inner", participants: [new Echo("a")], maxTurns: 1 });
  await using team = new RoundRobinGroupChat({ name: "outer", participants: [inner], maxTurns: 1 });
  const run = team.run("x");
  await run;
  await run.pause();
  await run.resume();
  await run.stop();
  expect((await team.run("y")).text).toBe("a1(y)");
});

verifies("chat-140", "after a cancel the next run has all its turns", async () => {
  const model = new ScriptedModel((_request, { index }) => (index === 2 ? reply.hang() : "word"));
  await using team = new RoundRobinGroupChat({ participants: [new AssistantAgent({ name: "a", model })], maxTurns: 4 });
  const chat = team.session("s");
  const run = chat.run("x");
  let started = 0;
  for await (const event of run.events()) if (event.kind === "model-started" && ++started === 3) break;
  await run.cancel();
  expect((await run).stopReason.kind).toBe("cancelled");
  const next = await chat.run("y");
  expect(next.stopReason.kind).toBe("max-turns");
  expect(next.messages).toHaveLength(5);
});

verifies("chat-142", "an inner team may speak twice in a row", async () => {
  const inner = new RoundRobinGroupChat({ name: "inner", participants: [new Echo("a"), new Echo("b")], maxTurns: 1 });
  await using team = new RoundRobinGroupChat({ participants: [inner], maxTurns: 3 });
  expect((await team.run("x")).messages.map((message) => head(message.text))).toEqual(["x", "a1", "b1", "a2"]);
});

verifies("chat-143", "an error shows the original, the agent and the messages so far", async () => {
  class Odd extends RangeError {
    override readonly name = "Odd";
  }
  const failing = assistant("ill", [reply.failure(new Odd("strange"))]);
  await using team = new RoundRobinGroupChat({ participants: [new Echo("a"), failing] });
  expect(await errorOf(team.run("x"))).toMatchObject({
    code: "run.failed",
    agentPath: ["ill"],
    cause: { name: "Odd", message: "strange" },
    partial: { messages: [{ text: "x" }, { text: "a1(x)" }] },
  });
});

verifies("chat-144", "reasoning and text are told apart in the stream", async () => {
  const run = assistant("a", [reply.text("the answer", { reasoning: "the reason", chunkSize: 3 })]).run("x");
  const events = await eventsOf(run);
  const join = (kind: "text-delta" | "reasoning-delta"): string =>
    events.map((event) => (event.kind === kind ? event.delta : "")).join("");
  expect(join("text-delta")).toBe("the answer");
  expect(join("reasoning-delta")).toBe("the reason");
  const thoughts = events.flatMap((event) => (event.kind === "thought" ? [event.text] : []));
  expect(thoughts).toEqual(["the reason"]);
});

verifies("chat-154", "awaiting and iterating give equal messages", async () => {
  const make = (): AssistantAgent => assistant("a", [reply.toolCall("none"), "text"]);
  const awaited = (await make().run("x")).messages.map(({ source, text }) => ({ source, text }));
  const iterated: { source: string; text: string }[] = [];
  for await (const event of make().run("x")) {
    if (event.kind === "message") iterated.push({ source: event.message.source, text: event.message.text });
  }
  expect(iterated).toEqual(awaited);
});

verifies("chat-156", "a time limit aborts a stuck turn; every model call counts", async () => {
  await using stuck = new RoundRobinGroupChat({ participants: [assistant("s", [reply.hang()])] });
  const result = await stuck.run("x", { budget: { wallTimeMs: 30 } });
  expect(result.stopReason).toMatchObject({ kind: "budget" });
  expect(result.stopReason.detail).toContain("wallTimeMs");
  const model = new ScriptedModel([reply.toolCall("t"), reply.toolCall("t"), "x"]);
  await using agent = new AssistantAgent({ name: "a", model, tools: [simpleTool("t", () => 1)] });
  expect((await agent.run("x")).usage.total.calls).toBe(3);
});

verifies("chat-159", "what is saved of a manager does not grow with its turns", async () => {
  await using team = new RoundRobinGroupChat({ participants: [new Echo("a")], maxTurns: 2_000, budget: "unbounded" });
  const chat = team.session("s");
  const sizes: number[] = [];
  for (let index = 0; index < 5; index++) {
    await chat.run();
    sizes.push(JSON.stringify((await chat.snapshot()).agents[""]?.state).length);
  }
  expect(Math.max(...sizes)).toBeLessThan(2_000);
  expect((await chat.messages()).length).toBe(10_000);
});

verifies("chat-160", "two runs on one agent at once do not mix", async () => {
  await using echo = new Echo("e");
  const runs = Array.from({ length: 100 }, (_, index) => echo.run(`secret ${index}`));
  const results = await Promise.all(runs);
  results.forEach((result, index) => expect(result.text).toBe(`e1(secret ${index})`));
});
