import { AssistantAgent, MaxMessageTermination, RoundRobinGroupChat } from "@troupe/agentchat";
import { jsonSchema, tool } from "@troupe/llm";
import { reply, type Script, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { verifies } from "../guards.ts";

const search = tool({
  name: "search",
  description: "Searches",
  input: jsonSchema<object>({ type: "object" }),
  execute: () => "no result",
});

function agent(name: string, script: Script): AssistantAgent {
  return new AssistantAgent({ name, model: new ScriptedModel(script), tools: [search], maxToolIterations: 100 });
}

verifies("guard-1", "the same call with the same result is stopped the third time", async () => {
  const result = await agent("a", () => reply.toolCall("search", { for: "cats" })).run("go");
  expect(result.stopReason).toMatchObject({ kind: "loop", detail: expect.stringContaining('search({"for":"cats"})') });
  expect(result.usage.total.calls).toBe(3);
});

verifies("guard-2", "ping-pong is stopped, alone and in a nested team", async () => {
  const pair = (): RoundRobinGroupChat =>
    new RoundRobinGroupChat({ name: "pair", participants: [agent("a", () => "ping"), agent("b", () => "pong")] });
  const flat = await pair().run("go");
  expect(flat.stopReason.kind).toBe("loop");
  expect(flat.stopReason.detail).toMatch(/"a": ping \| "b": pong/);
  expect(flat.messages).toHaveLength(7);
  const outer = new RoundRobinGroupChat({ name: "outer", participants: [pair(), agent("c", () => "never")] });
  const nested = await outer.run("go");
  expect(nested.stopReason.kind).toBe("loop");
  expect(nested.messages).toHaveLength(7);
});

verifies("guard-3", "60 calls with changing arguments are not stopped", async () => {
  const script: Script = (_request, { index }) => (index < 60 ? reply.toolCall("search", { page: index }) : "found");
  expect((await agent("a", script).run("go")).text).toBe("found");
});

verifies("guard-4", "a stopped run keeps its messages, and its session goes on", async () => {
  const repeat: Script = (request) =>
    request.messages.at(-1)?.role === "user" && JSON.stringify(request.messages.at(-1)).includes("answer now")
      ? "an answer"
      : reply.toolCall("search");
  const talker = agent("t", (_request, { index }) => `word ${index}`);
  await using team = new RoundRobinGroupChat({
    participants: [talker, agent("a", repeat)],
    termination: new MaxMessageTermination(3),
  });
  const chat = team.session("s");
  const stopped = await chat.run("go");
  expect(stopped.stopReason.kind).toBe("loop");
  expect(stopped.messages.map(({ text }) => text)).toEqual(["go", "word 0"]);
  await chat.run("again");
  expect((await chat.run("answer now")).messages.length).toBeGreaterThan(1);
});
