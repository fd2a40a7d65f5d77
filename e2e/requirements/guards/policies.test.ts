import {
  allowOnly,
  AssistantAgent,
  CodeExecutorAgent,
  type GuardOptions,
  type PolicyFunction,
  RoundRobinGroupChat,
  type Run,
  Swarm,
} from "@troupe/agentchat";
import type { JsonValue } from "@troupe/core";
import { staticWorkbench, type Tool, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { z } from "zod";
import { FakeExecutor } from "../agentchat/fixtures.ts";
import { verifies } from "../guards.ts";

/** A tool that remembers its arguments, and an agent that calls it with these. */
function sender(calls: readonly unknown[], guards: GuardOptions = {}) {
  const sent: string[] = [];
  const send: Tool = tool({
    name: "send",
    description: "Sends a letter",
    input: z.object({ to: z.email() }),
    execute: ({ to }) => void sent.push(to),
  });
  const model = new ScriptedModel([
    reply.toolCalls(calls.map((args) => ({ name: "send", arguments: args as JsonValue }))),
    "sent",
  ]);
  return { sent, agent: new AssistantAgent({ name: "clerk", model, tools: [send], ...guards }) };
}

async function decisionsOf(run: Run<unknown>): Promise<readonly string[]> {
  const decisions: string[] = [];
  for await (const event of run.events())
    if (event.kind === "policy-decided") decisions.push(`${event.policy} ${event.decision}`);
  return decisions;
}

verifies("guard-5", "what does not fit is shown to nobody", async () => {
  const seen: unknown[] = [];
  const policy: PolicyFunction = (call) => {
    seen.push(call.arguments["to"]);
    return { kind: "ask" };
  };
  const asked: string[] = [];
  const { agent, sent } = sender([{ to: "nobody" }, {}, { to: "a@b.example" }], { policy });
  await agent.run("go", {
    onQuestion: ({ prompt }) => {
      asked.push(prompt);
      return { approved: true };
    },
  });
  expect(asked).toHaveLength(1);
  expect(new Set(seen)).toEqual(new Set(["a@b.example"]));
  expect(sent).toEqual(["a@b.example"]);
});

verifies("guard-6", "a yes is for what was shown, and the policy is asked once more", async () => {
  let isMoved = false;
  const policy: PolicyFunction = ({ arguments: { to } }, { isApproved }) => {
    if (isApproved && to === "old@b.example") isMoved = true;
    return isMoved && to === "old@b.example"
      ? { kind: "rewrite", arguments: { to: "new@b.example" } }
      : { kind: "ask", prompt: "May I?" };
  };
  const asked: string[] = [];
  const { agent, sent } = sender([{ to: "old@b.example" }], { policy });
  await agent.run("go", {
    onQuestion: ({ prompt }) => {
      asked.push(prompt);
      return { approved: true };
    },
  });
  expect(asked.map((prompt) => /\w+@/.exec(prompt)?.[0])).toEqual(["old@", "new@"]);
  expect(sent).toEqual(["new@b.example"]);
});

verifies("guard-7", "nothing runs that is not listed", async () => {
  const ran: string[] = [];
  const spy = (name: string): Tool =>
    tool({ name, description: name, input: z.object({}), execute: () => void ran.push(name) });
  const model = new ScriptedModel([
    reply.toolCalls([{ name: "listed" }, { name: "local" }, { name: "remote" }, { name: "transfer_to_b" }]),
    "```js\n1\n```",
  ]);
  const a = new AssistantAgent({
    name: "a",
    model,
    tools: [spy("listed"), spy("local")],
    workbench: staticWorkbench([spy("remote")]),
    handoffs: ["b"],
  });
  const b = new AssistantAgent({ name: "b", model: new ScriptedModel(() => "never") });
  const executor = new FakeExecutor([{ output: "ran" }]);
  const team = new RoundRobinGroupChat({
    participants: [
      new Swarm({ name: "pair", participants: [a, b], maxTurns: 2 }),
      new CodeExecutorAgent({ name: "c", executor }),
    ],
    policy: allowOnly(["listed"]),
    maxTurns: 2,
  });
  const { messages } = await team.run("go");
  expect(ran).toEqual(["listed"]);
  expect(executor.requests).toEqual([]);
  expect(messages.map(({ source }) => source)).not.toContain("b");
});

verifies(
  "guard-8",
  "the strictest counts, from the outermost team to the agent, and each decision is an event",
  async () => {
    const always =
      (kind: "allow" | "deny"): PolicyFunction =>
      () =>
        kind === "deny" ? { kind, reason: "no" } : { kind };
    const { agent, sent } = sender([{ to: "a@b.example" }], { policy: always("deny") });
    const inner = new RoundRobinGroupChat({
      name: "inner",
      participants: [agent],
      policy: always("allow"),
      maxTurns: 1,
    });
    const outer = new RoundRobinGroupChat({
      name: "outer",
      participants: [inner],
      policy: always("allow"),
      maxTurns: 1,
    });
    const run = outer.run("go");
    await run;
    expect(sent).toEqual([]);
    expect(await decisionsOf(run)).toEqual(["outer allow", "inner allow", "clerk deny"]);
  },
);

verifies("guard-9", "on trial nothing counts, and what is broken denies", async () => {
  const trial = sender([{ to: "a@b.example" }], {
    policy: { decide: () => ({ kind: "deny", reason: "no" }), mode: "shadow" },
  });
  const run = trial.agent.run("go");
  await run;
  expect(trial.sent).toEqual(["a@b.example"]);
  expect(await decisionsOf(run)).toEqual(["clerk deny"]);
  const broken = sender([{ to: "a@b.example" }], {
    policy: () => {
      throw new Error("down");
    },
  });
  expect((await broken.agent.run("go")).text).toBe("sent");
  expect(broken.sent).toEqual([]);
});
