import {
  AssistantAgent,
  MaxMessageTermination,
  RoundRobinGroupChat,
  type StopReason,
  type TerminationCondition,
  TextMentionTermination,
  TimeoutTermination,
  TokenUsageTermination,
} from "@troupe/agentchat";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { verifies } from "../agentchat.ts";
import { simpleTool, thrownCode } from "./fixtures.ts";

/** Two agents that say `a0 b0 a1 b1 ...`; how the run stops and how many messages it has. */
async function stopsWith(
  termination: TerminationCondition,
  task = "go",
): Promise<{ readonly stop: StopReason; readonly count: number }> {
  const speaker = (name: string): AssistantAgent =>
    new AssistantAgent({
      name,
      model: new ScriptedModel((_request, { turn }) =>
        reply.text(`${name}${turn}`, { usage: { inputTokens: 10, outputTokens: 5 }, delayMs: 1 }),
      ),
    });
  await using team = new RoundRobinGroupChat({ participants: [speaker("a"), speaker("b")], termination, maxTurns: 12 });
  const { stopReason, messages } = await team.run(task);
  return { stop: stopReason, count: messages.length };
}

verifies("chat-127", "a condition starts anew with every run", async () => {
  await using team = new RoundRobinGroupChat({
    participants: [new AssistantAgent({ name: "a", model: new ScriptedModel(() => "x") })],
    termination: new MaxMessageTermination(3),
  });
  const chat = team.session("s");
  for (let index = 0; index < 3; index++) expect((await chat.run("go")).messages).toHaveLength(3);
});

verifies(
  "chat-128",
  "text mention respects sources and ignores the task and tool output; counts may include events",
  async () => {
    expect((await stopsWith(new TextMentionTermination("0"))).count).toBe(2);
    expect((await stopsWith(new TextMentionTermination("0", { sources: ["b"] }))).count).toBe(3);
    expect((await stopsWith(new TextMentionTermination("b1"), "stop at b1")).count).toBe(5);
    expect((await stopsWith(new TextMentionTermination("go", { sources: ["user"] }))).count).toBe(1);
    const model = new ScriptedModel(() => reply.toolCall("quote"));
    const quote = simpleTool("quote", () => "DONE");
    const worker = new AssistantAgent({
      name: "w",
      model,
      tools: [quote],
      maxToolIterations: 1,
      summarizeTools: () => "summary",
    });
    const run = (termination: TerminationCondition): PromiseLike<{ readonly messages: readonly unknown[] }> =>
      new RoundRobinGroupChat({ participants: [worker], termination, maxTurns: 3, loops: "off" }).run("go");
    expect((await run(new TextMentionTermination("DONE"))).messages).toHaveLength(4);
    expect((await run(new TextMentionTermination("DONE", { includeEvents: true }))).messages).toHaveLength(2);
    expect((await run(new MaxMessageTermination(5, { includeEvents: true }))).messages).toHaveLength(2);
    // The events of an inner team count for the outer one.
    const inner = new RoundRobinGroupChat({ name: "inner", participants: [worker], maxTurns: 2 });
    const termination = new TextMentionTermination("DONE", { includeEvents: true });
    const outer = new RoundRobinGroupChat({ name: "outer", participants: [inner], termination, maxTurns: 3 });
    expect((await outer.run("go")).messages).toHaveLength(3);
  },
);

verifies("chat-129", "token limits add up; none given is rejected", async () => {
  expect((await stopsWith(new TokenUsageTermination({ total: 45 }))).count).toBe(4);
  expect((await stopsWith(new TokenUsageTermination({ output: 10 }))).count).toBe(3);
  expect((await stopsWith(new TokenUsageTermination({ input: 10 }))).count).toBe(2);
  expect(thrownCode(() => new TokenUsageTermination({}))).toBe("config.invalid_option");
  expect(thrownCode(() => new TokenUsageTermination({ total: 0 }))).toBe("config.invalid_option");
});

verifies("chat-130", "a timeout ends a run, and each run has its own time", async () => {
  for (let index = 0; index < 2; index++) {
    const { stop, count } = await stopsWith(new TimeoutTermination(3));
    expect(stop).toMatchObject({ kind: "condition", condition: "TimeoutTermination" });
    expect(count).toBeLessThan(13);
    expect(count).toBeGreaterThan(1);
  }
  expect(thrownCode(() => new TimeoutTermination(0))).toBe("config.invalid_option");
});

verifies("chat-132", "and, or, not, and combinations of them", async () => {
  const says = (text: string): TextMentionTermination => new TextMentionTermination(text);
  expect((await stopsWith(says("a0").and(says("b1")))).count).toBe(5);
  expect((await stopsWith(says("a1").or(says("b0")))).count).toBe(3);
  expect((await stopsWith(says("a0").and(says("b0")).or(says("zzz")))).stop.detail).toBe(
    '"a" said "a0"; "b" said "b0"',
  );
  expect((await stopsWith(says("a0").not().and(new MaxMessageTermination(4)))).count).toBe(4);
  expect((await stopsWith(says("zzz"))).stop.kind).toBe("max-turns");
  expect((await stopsWith(new MaxMessageTermination(1))).count).toBe(1);
});
