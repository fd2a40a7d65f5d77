import { AssistantAgent, RoundRobinGroupChat } from "@troupe/agentchat";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { z } from "zod";
import { verifies } from "../guards.ts";

verifies("guard-10", "the first valid finish call ends the run, also from a nested team", async () => {
  const output = z.object({ city: z.string(), degrees: z.number() });
  const model = new ScriptedModel([
    reply.toolCall("finish", { city: "Oslo" }),
    reply.toolCall("finish", { city: "Oslo", degrees: 4 }),
  ]);
  const inner = new RoundRobinGroupChat({ name: "inner", participants: [new AssistantAgent({ name: "a", model })] });
  const result = await new RoundRobinGroupChat({ name: "outer", participants: [inner], output }).run("go");
  expect(result.stopReason.kind).toBe("finished");
  const degrees: number = result.output.degrees;
  expect(degrees).toBe(4);
  expect(JSON.stringify(model.requests[1]?.messages.at(-1))).toContain("degrees");
});
