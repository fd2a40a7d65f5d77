import { agentId, defineAgent, defineEvent, InProcessRuntime } from "@troupe/core";
import { expect } from "vitest";
import { z } from "zod";
import { verifies } from "../llm-tools.ts";

verifies("tools-S15", "one handler for every event, known or not", async () => {
  const runtime = new InProcessRuntime();
  const seen: unknown[] = [];
  await runtime.register(
    defineAgent({
      type: "everything",
      state: () => ({}),
      handlers: (on) => [on.unknown((message) => void seen.push(message))],
    }),
  );
  await runtime.tell(defineEvent("First", z.string())("a"), agentId("everything", "x"));
  await runtime.tell(defineEvent("Second", z.object({ n: z.number() }))({ n: 1 }), agentId("everything", "x"));
  await runtime.idle();
  await runtime.close();
  expect(seen).toEqual([
    { type: "First", payload: "a" },
    { type: "Second", payload: { n: 1 } },
  ]);
});
