import {
  AssistantAgent,
  BaseChatAgent,
  type ChatMessage,
  type MessageDraft,
  modelText,
  RoundRobinGroupChat,
  type Task,
  toModelMessage,
} from "@troupe/agentchat";
import { agentId, defineAgent, defineRequest, InProcessRuntime } from "@troupe/core";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { z } from "zod";
import { verifies } from "../agentchat.ts";
import { assistant, codeOf, Echo, eventsOf } from "./fixtures.ts";

const image = { kind: "file", mediaType: "image/png", data: "aGk=" } as const;
const call = { kind: "tool-call", callId: "c", toolName: "t", arguments: "{}" } as const;

/** One draft of every kind, with every optional field. */
const drafts: readonly MessageDraft[] = [
  { kind: "text", text: "words", id: "m1", source: "ada", metadata: { tag: "x" }, isPartial: true },
  { kind: "multi-modal", text: "look", content: [{ kind: "text", text: "look" }, image] },
  { kind: "stop", text: "enough" },
  {
    kind: "handoff",
    text: "over",
    target: "bob",
    context: [{ role: "user", content: [{ kind: "text", text: "why" }] }],
  },
  {
    kind: "tool-summary",
    text: "5",
    calls: [call],
    results: [
      { kind: "tool-result", callId: "c", toolName: "t", status: "ok", content: [{ kind: "text", text: "5" }] },
    ],
  },
  { kind: "structured", text: "{}", data: { deep: [1, null, { x: "ü" }] } },
];

/** Says one of the drafts each turn. */
class Speaker extends BaseChatAgent {
  readonly #draft: MessageDraft;

  constructor(name: string, draft: MessageDraft) {
    super({ name });
    this.#draft = draft;
  }

  // oxlint-disable-next-line require-yield
  async *onMessages() {
    return this.reply(this.#draft);
  }
}

verifies("chat-3", "every kind of message is plain JSON", async () => {
  await using team = new RoundRobinGroupChat({ name: "team", participants: [new Echo("a")], maxTurns: 1 });
  const session = team.session("s");
  const { messages } = await session.run(drafts);
  expect(JSON.parse(JSON.stringify(messages))).toEqual(messages);
  expect((await session.messages()).slice(0, drafts.length)).toEqual(messages.slice(0, drafts.length));
  expect(messages[0]).toMatchObject({ id: "m1", source: "ada", metadata: { tag: "x" }, isPartial: true });
});

verifies("chat-4", "one stream, told apart by kind", async () => {
  const team = new RoundRobinGroupChat({
    name: "team",
    participants: drafts.map((draft, index) => new Speaker(`s${index}`, draft)),
    maxTurns: drafts.length,
  });
  const events = await eventsOf(team.run("go"));
  const said = events.flatMap((event) => (event.kind === "message" ? [event.message.kind] : []));
  expect(said).toEqual(["text", ...drafts.map((draft) => draft.kind)]);
  const again: unknown = JSON.parse(JSON.stringify(events));
  expect(again).toEqual(events);
});

verifies("chat-5", "structured data keeps its nesting", async () => {
  const schema = z.object({ rows: z.array(z.object({ name: z.string(), count: z.number().nullable() })) });
  const data = { rows: [{ name: "ü", count: null }] };
  const agent = new AssistantAgent({ name: "a", model: new ScriptedModel([JSON.stringify(data)]), output: schema });
  const result = await agent.run("x");
  expect(result.output).toEqual(data);
  expect(result.messages.at(-1)).toMatchObject({ kind: "structured", data });
});

verifies("chat-6", "a format is for people", async () => {
  const place = z.object({ city: z.string(), degrees: z.number() });
  const first = new ScriptedModel(['{"city":"Oslo","degrees":21}']);
  const second = new ScriptedModel(["warm"]);
  const team = new RoundRobinGroupChat({
    name: "team",
    participants: [
      new AssistantAgent({ name: "a", model: first, output: place, outputFormat: "{city}: {degrees} degrees" }),
      new AssistantAgent({ name: "b", model: second }),
    ],
    maxTurns: 2,
  });
  const { messages } = await team.run("x");
  expect(messages[1]?.text).toBe("Oslo: 21 degrees");
  const heard = second.requests[0]?.messages.findLast((message) => message.role === "user");
  expect(heard).toMatchObject({ name: "a", content: [{ kind: "text", text: '{"city":"Oslo","degrees":21}' }] });
});

verifies("chat-80", "a kind that nobody knows is refused, data of any form is not", async () => {
  const strange: unknown = [{ kind: "StructuredMessage[Plan]", text: "x" }];
  expect(await codeOf(assistant("a", ["never"]).run(strange as Task))).toBe("run.invalid_task");
  const draft: MessageDraft = { kind: "structured", text: "{}", data: { anything: [1] } };
  const team = new RoundRobinGroupChat({ name: "team", participants: [new Speaker("s", draft)], maxTurns: 1 });
  expect((await team.run("go")).messages.at(-1)).toMatchObject(draft);
});

verifies("chat-44", "what is behind a tool shows between request and end", async () => {
  const model = new ScriptedModel([reply.toolCall("echo", { task: "go" }), "done"]);
  const events = await eventsOf(
    new AssistantAgent({ name: "boss", model, tools: [new Echo("echo").asTool()] }).run("x"),
  );
  const kinds = events.filter((event) => !event.isLive).map((event) => `${event.path.join("/")} ${event.kind}`);
  const between = kinds.slice(kinds.indexOf("boss tool-call-requested") + 1, kinds.indexOf("boss tool-call-finished"));
  expect(between).toEqual(["boss/echo#1 message"]);
});

verifies("chat-7", "structured messages need no registration, anywhere", async () => {
  const agent = new AssistantAgent({
    name: "a",
    model: new ScriptedModel(['{"n":1}']),
    output: z.object({ n: z.number() }),
  });
  const inner = new RoundRobinGroupChat({ name: "inner", participants: [agent], maxTurns: 1 });
  const team = new RoundRobinGroupChat({ name: "team", participants: [inner, new Echo("b")], maxTurns: 2 });
  const { messages } = await team.run("x");
  expect(messages.map((message) => message.kind)).toEqual(["text", "structured", "text"]);
});

verifies("chat-8", "a message without a known kind is refused", async () => {
  const strange: readonly unknown[] = [{ text: "no kind" }, { kind: "telegram", text: "x" }, 7];
  for (const task of strange) {
    const run = assistant("a", ["never"]).run([task] as unknown as Task);
    expect(await codeOf(run)).toBe("run.invalid_task");
  }
});

verifies("chat-9", "equal content is equal", () => {
  const message: ChatMessage = { kind: "structured", id: "1", source: "a", text: "{}", data: { b: 1, a: [2] } };
  expect(JSON.parse(JSON.stringify(message))).toEqual(message);
  expect(modelText(message)).toBe('{"b":1,"a":[2]}');
});

verifies("chat-11", "a model without eyes gets words in place of images", async () => {
  const model = new ScriptedModel(["ok", "fine"], { capabilities: { vision: false } });
  const agent = new AssistantAgent({ name: "a", model });
  const session = agent.session("s");
  await session.run({ kind: "multi-modal", text: "look", content: [{ kind: "text", text: "look" }, image] });
  await session.run("more");
  const seen = model.requests[1]?.messages ?? [];
  expect(JSON.stringify(seen)).not.toContain("aGk=");
  expect(seen.find((message) => message.role === "assistant")).toMatchObject({
    content: [{ kind: "text", text: "ok" }],
  });
  expect(toModelMessage({ kind: "text", id: "1", source: "u", text: "x" })).toMatchObject({ role: "user", name: "u" });
  await agent.close();
});

verifies("chat-12", "messages keep their fields through nested teams", async () => {
  const [, , , handoff] = drafts;
  if (handoff === undefined) throw new Error("there is one");
  const inner = new RoundRobinGroupChat({ name: "inner", participants: [new Speaker("s", handoff)], maxTurns: 1 });
  const middle = new RoundRobinGroupChat({ name: "middle", participants: [inner], maxTurns: 1 });
  const team = new RoundRobinGroupChat({ name: "team", participants: [middle, new Echo("e")], maxTurns: 2 });
  const { messages } = await team.run("x");
  expect(messages[1]).toMatchObject({ ...handoff, source: "s" });
});

verifies("chat-92", "100 messages with random delays are handled in order", async () => {
  const handled: number[] = [];
  const Work = defineRequest("Work", z.object({ index: z.number(), delayMs: z.number() }), z.number());
  const runtime = new InProcessRuntime();
  await runtime.register(
    defineAgent({
      type: "worker",
      state: () => ({}),
      handlers: (on) => [
        on.request(Work, async ({ index, delayMs }, context) => {
          await context.step("work", () => new Promise((resolve) => setTimeout(resolve, delayMs, null)));
          handled.push(index);
          return index;
        }),
      ],
    }),
  );
  const indexes = Array.from({ length: 100 }, (_, index) => index);
  await Promise.all(
    indexes.map((index) => runtime.send(Work({ index, delayMs: (index * 7919) % 5 }), agentId("worker", "one"))),
  );
  await runtime.close();
  expect(handled).toEqual(indexes);
});

verifies("chat-133", "an agent as a tool starts anew, or is part of the session", async () => {
  const boss = (keepsMemory: boolean): AssistantAgent =>
    new AssistantAgent({
      name: "boss",
      model: new ScriptedModel(({ messages }) =>
        messages.at(-1)?.role === "tool" ? "done" : reply.toolCall("echo", { task: "go" }),
      ),
      tools: [new Echo("echo").asTool({ keepsMemory })],
    });
  const turnsOf = async (keepsMemory: boolean): Promise<readonly string[]> => {
    const first = boss(keepsMemory);
    const session = first.session("s");
    await session.run("one");
    const saved = await session.snapshot();
    await first.close();
    const second = boss(keepsMemory);
    const restored = second.session("s");
    await restored.restore(saved);
    const events = await eventsOf(restored.run("two"));
    await second.close();
    return events.flatMap((event) =>
      event.kind === "message" && event.message.source === "echo" ? [event.message.text] : [],
    );
  };
  expect(await turnsOf(false)).toEqual(["echo1(go)"]);
  expect(await turnsOf(true)).toEqual(["echo2(go)"]);
});

verifies("chat-134", "a team as a tool", async () => {
  const texts: string[] = [];
  for (const returns of ["last", "all"] as const) {
    const team = new RoundRobinGroupChat({
      name: "pair",
      participants: [assistant("x", ["one"]), assistant("y", ["two"])],
      maxTurns: 2,
    });
    const model = new ScriptedModel([reply.toolCall("pair", { task: "go" }), "done"]);
    const events = await eventsOf(new AssistantAgent({ name: "a", model, tools: [team.asTool({ returns })] }).run("x"));
    for (const event of events)
      if (event.kind === "tool-call-finished")
        for (const part of event.result.content) if (part.kind === "text") texts.push(part.text);
  }
  expect(texts).toEqual(["two", "x: one\n\ny: two"]);
});

verifies("chat-158", "two calls of a runner's tool at once", async () => {
  const calls = ["a", "b"].map((task) => ({ name: "echo", arguments: { task } }));
  const model = new ScriptedModel([reply.toolCalls(calls), "done"]);
  const boss = new AssistantAgent({ name: "boss", model, tools: [new Echo("echo").asTool()] });
  const events = await eventsOf(boss.run("go"));
  const results = events.flatMap((event) => (event.kind === "tool-call-finished" ? [event.result] : []));
  expect(results.map((result) => result.status)).toEqual(["ok", "ok"]);
  expect(JSON.stringify(results)).toMatch(/echo1\(a\)[^]*echo1\(b\)|echo1\(b\)[^]*echo1\(a\)/);
});
