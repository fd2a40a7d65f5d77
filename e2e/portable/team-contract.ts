import {
  AssistantAgent,
  type ChatAgentContext,
  type AgentReply,
  BaseChatAgent,
  type ChatMessage,
  MaxMessageTermination,
  RoundRobinGroupChat,
  type RunEvent,
  TextMentionTermination,
  UserProxyAgent,
} from "@troupe/agentchat";
import { type AgentRuntime, TroupeError } from "@troupe/core";
import { type ContractCase, expectEqual, expectThat, settle } from "@troupe/core/testing";
import { jsonSchema, type ModelMessage, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";

/** What agents and teams run on. */
export interface TeamEnvironment {
  readonly runtime: AgentRuntime;
}

type TeamCase = ContractCase<TeamEnvironment>;

const speaker = (name: string): AssistantAgent =>
  new AssistantAgent({ name, model: new ScriptedModel((_request, { turn }) => `${name} says ${turn}`) });

const numbers = jsonSchema<{ readonly a: number; readonly b: number }>({
  type: "object",
  properties: { a: { type: "number" }, b: { type: "number" } },
  required: ["a", "b"],
  additionalProperties: false,
});

const add = tool({
  name: "add",
  description: "Adds two numbers",
  input: numbers,
  execute: ({ a, b }) => {
    if (a < 0) throw new Error("no negative numbers");
    return { sum: a + b };
  },
});

/** Ids of calls and of results in a history. */
function callsAndResults(messages: readonly ModelMessage[]): { readonly calls: string[]; readonly results: string[] } {
  const parts = messages.flatMap((message) => (typeof message.content === "string" ? [] : [...message.content]));
  return {
    calls: parts.flatMap((part) => (part.kind === "tool-call" ? [part.callId] : [])),
    results: parts.flatMap((part) => (part.kind === "tool-result" ? [part.callId] : [])),
  };
}

class Counter extends BaseChatAgent<{ turns: number }> {
  constructor() {
    super({ name: "counter", state: () => ({ turns: 0 }) });
  }

  // oxlint-disable-next-line require-yield -- it has nothing to tell on the way
  async *onMessages(
    _messages: readonly ChatMessage[],
    context: ChatAgentContext<{ turns: number }>,
  ): AsyncGenerator<never, AgentReply> {
    context.state.turns += 1;
    return this.reply(`turn ${context.state.turns}`);
  }
}

const speaking: readonly TeamCase[] = [
  {
    invariant: "I5",
    name: "durable events are numbered from 1 without gaps and read the same again",
    run: async ({ runtime }) => {
      const team = new RoundRobinGroupChat({ participants: [speaker("left"), speaker("right")], maxTurns: 4 });
      const run = team.session("s", { runtime }).run("Talk.");
      const live: RunEvent[] = [];
      for await (const event of run) if (!event.isLive) live.push(event);
      await run;
      const again: RunEvent[] = [];
      for await (const event of run.events()) if (!event.isLive) again.push(event);
      expectEqual(
        live.map((event) => event.sequence),
        live.map((_event, index) => index + 1),
        "numbers",
      );
      expectEqual(
        again.map((event) => `${event.sequence} ${event.kind}`),
        live.map((event) => `${event.sequence} ${event.kind}`),
        "the second reading",
      );
    },
  },
  {
    invariant: "I8",
    name: "twenty runs at once on one team leak nothing into each other",
    run: async ({ runtime }) => {
      const echo = new AssistantAgent({
        name: "echo",
        model: new ScriptedModel(({ messages }) => {
          const asked = messages.find((message) => message.role === "user");
          return asked?.content.map((part) => (part.kind === "text" ? part.text : "")).join("") ?? "?";
        }),
      });
      const team = new RoundRobinGroupChat({ participants: [echo], termination: new MaxMessageTermination(2) });
      const tasks = Array.from({ length: 20 }, (_, index) => `task ${index}.`);
      const results = await Promise.all(tasks.map((task) => team.run(task, { runtime })));
      for (const [index, result] of results.entries())
        expectThat(result.text.includes(`task ${index}.`), `run ${index} answered "${result.text}"`);
    },
  },
  {
    invariant: "I8",
    name: "state lives in the session, not in the agent",
    run: async ({ runtime }) => {
      const counter = new Counter();
      const session = counter.session("a", { runtime });
      await session.run("go");
      expectEqual((await session.run("go")).text, "turn 2", "second run of a session");
      expectEqual((await counter.session("b", { runtime }).run("go")).text, "turn 1", "first run of another session");
    },
  },
  {
    invariant: "I10",
    name: "a team without any stop rule ends by the default budget",
    run: async ({ runtime }) => {
      const team = new RoundRobinGroupChat({ participants: [speaker("left"), speaker("right")] });
      const { stopReason } = await team.run("Talk for ever.", { runtime });
      expectEqual(stopReason.kind, "budget", "stop reason");
    },
  },
  {
    invariant: "T1",
    name: "conditions joined by and and or end the run at the right message",
    run: async ({ runtime }) => {
      const termination = new TextMentionTermination("says 1")
        .and(new MaxMessageTermination(4))
        .or(new MaxMessageTermination(9));
      const team = new RoundRobinGroupChat({ participants: [speaker("left"), speaker("right")], termination });
      const { messages, stopReason } = await team.run("Talk.", { runtime });
      expectEqual(stopReason.kind, "condition", "stop reason");
      expectEqual(
        messages.map((message) => message.source),
        ["user", "left", "right", "left"],
        "who spoke",
      );
    },
  },
  {
    invariant: "E2",
    name: "live text pieces join to the message that supersedes them",
    run: async ({ runtime }) => {
      const text = "A long answer, told in small pieces.";
      const agent = new AssistantAgent({ name: "teller", model: new ScriptedModel([text], { chunkSize: 3 }) });
      let streamed = "";
      const run = agent.run("Tell.", { runtime });
      for await (const event of run) if (event.kind === "text-delta") streamed += event.delta;
      expectEqual(streamed, text, "streamed text");
      expectEqual((await run).text, text, "final text");
    },
  },
];

const working: readonly TeamCase[] = [
  {
    invariant: "I1",
    name: "every tool call has exactly one result: good, failing, unknown and with broken arguments",
    run: async ({ runtime }) => {
      const model = new ScriptedModel([
        reply.toolCalls([
          { name: "add", arguments: { a: 1, b: 2 } },
          { name: "add", arguments: { a: -1, b: 2 } },
          { name: "subtract", arguments: {} },
          { name: "add", argumentsText: '{"a": 1' },
        ]),
        "done",
      ]);
      const agent = new AssistantAgent({ name: "adder", model, tools: [add] });
      expectEqual((await agent.run("Add.", { runtime })).text, "done", "answer");
      const { calls, results } = callsAndResults(model.requests[1]?.messages ?? []);
      expectEqual(calls.length, 4, "calls");
      expectEqual(results, calls, "results, in the order of the calls");
    },
  },
  {
    invariant: "I3",
    name: "an abort rejects with the signal's own reason and leaves a usable session",
    run: async ({ runtime }) => {
      const agent = new AssistantAgent({ name: "sleeper", model: new ScriptedModel([reply.hang(), "Back."]) });
      const session = agent.session("s", { runtime });
      const controller = new AbortController();
      const reason = new Error("the user left");
      const run = session.run("Think.", { signal: controller.signal });
      const outcome = settle(() => run.handle.result());
      for await (const event of run.events()) if (event.kind === "model-started") break;
      controller.abort(reason);
      expectEqual(await outcome, { status: "rejected", error: reason }, "the end of the run");
      expectEqual((await session.run("Still there?")).text, "Back.", "the next run");
    },
  },
  {
    invariant: "I3",
    name: "a question rests the run until somebody answers it",
    run: async ({ runtime }) => {
      const person = new UserProxyAgent({ name: "person" });
      const team = new RoundRobinGroupChat({ participants: [speaker("clerk"), person], maxTurns: 2 });
      const run = team.run("May I?", { runtime });
      const rest = await run;
      expectEqual(rest.stopReason.kind, "input-required", "stop reason at rest");
      const [question] = rest.questions;
      if (question === undefined) throw new Error("there is no question");
      await run.respond(question.id, "yes");
      expectEqual((await run.handle.result()).text, "yes", "text at the end");
    },
  },
  {
    invariant: "I3",
    name: "what a model throws reaches the caller, typed, with the agent's path",
    run: async ({ runtime }) => {
      const cause = new RangeError("boom");
      const agent = new AssistantAgent({ name: "broken", model: new ScriptedModel([reply.failure(cause)]) });
      const team = new RoundRobinGroupChat({ participants: [agent], maxTurns: 1 });
      const run = team.run("go", { runtime });
      const outcome = await settle(() => run.handle.result());
      expectEqual(outcome.status, "rejected", "the run");
      const error = outcome.status === "rejected" ? outcome.error : undefined;
      expectThat(TroupeError.isTroupeError(error), "the error is not a TroupeError");
      expectEqual(Reflect.get(error, "agentPath"), ["broken"], "agent path");
    },
  },
  {
    invariant: "I7",
    name: "an answer that must fit a schema is typed data",
    run: async ({ runtime }) => {
      const model = new ScriptedModel(['{"a": 1, "b": 2}']);
      const agent = new AssistantAgent({ name: "judge", model, output: numbers });
      const { output } = await agent.run("Two numbers?", { runtime });
      expectEqual(output, { a: 1, b: 2 }, "output");
    },
  },
  {
    invariant: "C18",
    name: "a paused run starts no new step until it is resumed",
    run: async ({ runtime }) => {
      const team = new RoundRobinGroupChat({ participants: [speaker("left"), speaker("right")], maxTurns: 6 });
      const run = team.run("Talk.", { runtime });
      for await (const event of run.events()) if (event.kind === "message" && event.message.source === "left") break;
      await run.pause();
      const before = run.messages().length;
      await new Promise((resolve) => setTimeout(resolve, 30));
      expectThat(run.messages().length <= before + 1, "the paused run went on talking");
      await run.resume();
      expectEqual((await run).messages.length, 7, "messages at the end");
    },
  },
];

/** What agents and teams promise on every platform. */
export const teamContract: readonly TeamCase[] = [...speaking, ...working];
