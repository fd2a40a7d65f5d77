import { AssistantAgent, RoundRobinGroupChat } from "@troupe/agentchat";
import { InProcessRuntime, MemoryStore } from "@troupe/core";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { verifies } from "../agentchat.ts";
import { Echo, simpleTool } from "./fixtures.ts";

verifies("chat-141", "a turn that was left in its middle goes on elsewhere, and nobody loses a word", async () => {
  let counted = 0;
  const define = (isStuck: boolean): RoundRobinGroupChat => {
    const model = new ScriptedModel(({ messages }) => {
      if (messages.at(-1)?.role !== "tool") return reply.toolCall("count", {});
      return isStuck ? { kind: "hang" } : "counted";
    });
    const counter = new AssistantAgent({
      name: "counter",
      model,
      tools: [simpleTool("count", () => String(++counted))],
    });
    return new RoundRobinGroupChat({
      name: "team",
      participants: [new Echo("first"), counter, new Echo("last")],
      maxTurns: 3,
    });
  };
  const store = new MemoryStore({ isDurable: true });
  const first = new InProcessRuntime({ store });
  const run = define(true).run("go", { runtime: first, runId: "r" });
  for await (const event of run.handle.events()) if (event.kind === "tool-call-finished") break;
  run.handle.result().catch(() => {});
  await first.close({ graceMs: 50 });
  const second = new InProcessRuntime({ store });
  const { messages } = await define(false).run("go", { runtime: second, runId: "r" });
  await second.close();
  expect(messages.map((message) => message.text)).toEqual([
    "go",
    "first1(go)",
    "counted",
    "last1(go + first1(go) + counted)",
  ]);
  expect(counted).toBe(1);
});
