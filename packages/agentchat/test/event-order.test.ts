import { AssistantAgent } from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect, it } from "vitest";
import { z } from "zod";

it("shows the result of a tool before the words of the answer that follows it", async () => {
  const look = tool({ name: "look", description: "Looks", input: z.object({}), execute: () => "a lamp" });
  const model = new ScriptedModel([reply.toolCall("look", {}), "You have a lamp."]);
  await using agent = new AssistantAgent({ name: "clerk", model, tools: [look] });
  const kinds: string[] = [];
  for await (const event of agent.run("What have I?")) kinds.push(event.kind);
  expect(kinds).toContain("text-delta");
  expect(kinds.indexOf("tool-call-requested")).toBeLessThan(kinds.indexOf("tool-call-finished"));
  expect(kinds.indexOf("tool-call-finished")).toBeLessThan(kinds.indexOf("text-delta"));
});

it("lets a watcher of a cell that nobody has used leave while it waits", async () => {
  await using runtime = new InProcessRuntime();
  const reader = runtime.events("nowhere", { runId: "r" })[Symbol.asyncIterator]();
  const waiting = reader.next();
  await reader.return?.();
  expect((await waiting).done).toBe(true);
  expect(runtime.stats().watchers).toBe(0);
});
