import { AssistantAgent, RoundRobinGroupChat, UserProxyAgent } from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { verifies } from "../guards.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const team = (): RoundRobinGroupChat =>
  new RoundRobinGroupChat({
    name: "desk",
    participants: [new AssistantAgent({ name: "clerk", model: new ScriptedModel(() => reply.hang()) })],
  });

verifies("guard-11", "a silence is shown, with who waits for what", async () => {
  const codes: unknown[] = [];
  const error = (record: { readonly error?: unknown }): void => void codes.push(record.error);
  await using runtime = new InProcessRuntime({ logger: { ...quiet, error } });
  const run = team().run("go", { runtime, stall: { afterMs: 20 } });
  for await (const event of run.events()) {
    if (event.kind !== "stalled") continue;
    expect(event.awaited).toEqual([{ path: ["clerk"], what: "model" }]);
    break;
  }
  expect(codes).toMatchObject([{ code: "run.stalled", message: expect.stringContaining('"clerk" waits for model') }]);
  await run.cancel();
});

verifies("guard-12", "a stalled run ends when it shall, and a question is no stall", async () => {
  await using runtime = new InProcessRuntime({ logger: quiet });
  const stall = { afterMs: 20, ends: true };
  const { stopReason } = await team().run("go", { runtime, stall });
  expect(stopReason).toMatchObject({ kind: "stalled", detail: expect.stringContaining('"clerk" waits for model') });
  const asking = new UserProxyAgent({ name: "ada" }).run("go", { runtime, stall });
  expect((await asking).stopReason.kind).toBe("input-required");
  await new Promise((resolve) => setTimeout(resolve, 80));
  await asking.respond(asking.pending()[0]?.id ?? "", "here");
  expect((await asking).text).toBe("here");
});
