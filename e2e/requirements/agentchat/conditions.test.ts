import {
  AssistantAgent,
  BaseChatAgent,
  FunctionalTermination,
  FunctionCallTermination,
  HandoffTermination,
  MaxMessageTermination,
  type MessageDraft,
  RoundRobinGroupChat,
  SourceMatchTermination,
  StopMessageTermination,
  SelectorGroupChat,
  type TerminationCondition,
  TextMessageTermination,
  TimeoutTermination,
  TokenUsageTermination,
  UserProxyAgent,
} from "@troupe/agentchat";
import { InProcessRuntime, MemoryStore } from "@troupe/core";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { verifies } from "../agentchat.ts";
import { codeOf, simpleTool } from "./fixtures.ts";

/** Says these messages, one in each turn, and then plain words. */
class Sayer extends BaseChatAgent<{ said: number }> {
  readonly #drafts: readonly MessageDraft[];

  constructor(name: string, drafts: readonly MessageDraft[]) {
    super({ name, state: () => ({ said: 0 }) });
    this.#drafts = drafts;
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(...[, context]: Parameters<BaseChatAgent<{ said: number }>["onMessages"]>) {
    context.state.said += 1;
    return this.reply(this.#drafts[context.state.said - 1] ?? `${this.name} word ${context.state.said}`);
  }
}

const summary: MessageDraft = { kind: "tool-summary", text: "1", calls: [], results: [] };

/** How many messages a run of two speakers has with this condition, twice in one session. */
async function counts(termination: TerminationCondition): Promise<readonly number[]> {
  const first = new Sayer("a", [
    summary,
    { kind: "handoff", text: "yours", target: "user" },
    { kind: "stop", text: "" },
  ]);
  const second = new Sayer("b", [summary, summary]);
  await using team = new RoundRobinGroupChat({ participants: [first, second], termination, maxTurns: 8 });
  const chat = team.session("s");
  return [(await chat.run("go")).messages.length, (await chat.run("go")).messages.length];
}

verifies("chat-127", "every condition fires on its trigger, and again in the next run", async () => {
  // a: summary, handoff, stop, words...; b: summary, summary, words...
  expect(await counts(new HandoffTermination("user"))).toEqual([4, 9]);
  expect(await counts(new StopMessageTermination())).toEqual([6, 9]);
  expect(await counts(new SourceMatchTermination(["b"]))).toEqual([3, 3]);
  expect(await counts(new TextMessageTermination())).toEqual([7, 2]);
  expect(await counts(new TextMessageTermination("a"))).toEqual([8, 3]);
});

verifies("chat-131", "a call that was asked for and not made does not end a run; a function does", async () => {
  const model = new ScriptedModel([reply.toolCall("missing"), reply.toolCall("look"), "done"]);
  const worker = new AssistantAgent({ name: "w", model, tools: [simpleTool("look", () => 1)], maxToolIterations: 1 });
  const team = (termination: TerminationCondition): RoundRobinGroupChat =>
    new RoundRobinGroupChat({ participants: [worker], termination, maxTurns: 5 });
  const called = await team(new FunctionCallTermination("look")).run("go");
  expect(called.stopReason).toMatchObject({ condition: "FunctionCallTermination", detail: '"w" called look' });
  expect(called.messages).toHaveLength(3);
  const words = new ScriptedModel((_request, { turn }) => `word ${turn}`);
  const talker = new AssistantAgent({ name: "t", model: words });
  const isSecond = new FunctionalTermination(({ messages }) => messages.some(({ text }) => text === "word 2"));
  const talk = (termination: TerminationCondition): RoundRobinGroupChat =>
    new RoundRobinGroupChat({ participants: [talker], termination: termination.or(new MaxMessageTermination(9)) });
  expect((await talk(isSecond).run("go")).text).toBe("word 2");
  const asynchronous = new FunctionalTermination((() => Promise.resolve(true)) as never);
  expect(await codeOf(talk(asynchronous).run("go"))).toBe("team.invalid_condition");
});

verifies("chat-156", "a time limit aborts a stuck turn", async () => {
  const stuck = new AssistantAgent({ name: "s", model: new ScriptedModel(() => reply.hang()) });
  await using team = new RoundRobinGroupChat({ participants: [stuck], termination: new TimeoutTermination(30) });
  const { stopReason } = await team.run("go");
  expect(stopReason).toMatchObject({ kind: "condition", condition: "TimeoutTermination" });
});

verifies("chat-156", "what a condition has counted is saved with the run", async () => {
  const store = new MemoryStore({ isDurable: true });
  const define = (): RoundRobinGroupChat =>
    new RoundRobinGroupChat({
      name: "talk",
      participants: [new Sayer("a", []), new UserProxyAgent({ name: "ada" })],
      termination: new MaxMessageTermination(4),
    });
  const first = new InProcessRuntime({ store });
  const rest = await define().run("go", { runtime: first, runId: "r" });
  await first.close();
  await using second = new InProcessRuntime({ store });
  const run = define().attach("r", { runtime: second });
  await run.respond(rest.questions[0]?.id ?? "", "go on");
  const { messages, stopReason } = await run;
  expect(stopReason).toMatchObject({ kind: "condition", condition: "MaxMessageTermination" });
  expect(messages).toHaveLength(4);
});

verifies("chat-156", "calls that nobody sees count: of a selector, a reflection and a repair", async () => {
  const usage = { inputTokens: 10, outputTokens: 0 };
  const selector = new ScriptedModel(() => reply.text("b", { usage }));
  const worker = new ScriptedModel([reply.toolCall("look", {}, { usage }), reply.text("reflected", { usage })]);
  const tools = [simpleTool("look", () => 1)];
  const b = new AssistantAgent({ name: "b", model: worker, tools, maxToolIterations: 1, reflectOnToolUse: true });
  const c = new AssistantAgent({ name: "c", model: new ScriptedModel(() => reply.text("c", { usage })) });
  const team = new SelectorGroupChat({
    participants: [b, c],
    model: selector,
    termination: new TokenUsageTermination({ input: 30 }),
    maxTurns: 4,
  });
  const { stopReason, messages, usage: used } = await team.run("go");
  expect(stopReason).toMatchObject({ kind: "condition", condition: "TokenUsageTermination" });
  // One turn: a choice, a call and a reflection.
  expect(messages.map(({ text }) => text)).toEqual(["go", "reflected"]);
  expect(used.total.calls).toBe(3);
});
