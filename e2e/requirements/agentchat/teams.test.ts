import { MaxMessageTermination, printRun, RoundRobinGroupChat } from "@troupe/agentchat";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { AssistantAgent } from "@troupe/agentchat";
import { verifies } from "../agentchat.ts";
import { assistant, codeOf, Echo, errorOf, eventsOf, head, simpleTool } from "./fixtures.ts";

const four = (maxTurns: number): RoundRobinGroupChat =>
  new RoundRobinGroupChat({ name: "four", participants: ["a", "b", "c", "d"].map((name) => new Echo(name)), maxTurns });
const heads = (messages: readonly { readonly source: string; readonly text: string }[]): readonly string[] =>
  messages.filter(({ source }) => source !== "user").map(({ text }) => head(text));

verifies("chat-76", "round robin follows the participants, whatever form the task has", async () => {
  await using team = four(6);
  const image = { kind: "multi-modal" as const, text: "x", content: [{ kind: "text" as const, text: "x" }] };
  for (const task of [
    "x",
    { kind: "text" as const, text: "x" },
    image,
    [image, { kind: "text" as const, text: "y" }],
  ]) {
    expect(heads((await team.run(task)).messages)).toEqual(["a1", "b1", "c1", "d1", "a2", "b2"]);
  }
});

verifies("chat-77", "the messages of a list come first, in order", async () => {
  await using team = four(1);
  const { messages } = await team.run([
    { kind: "text", text: "one" },
    { kind: "text", text: "two", source: "boss" },
  ]);
  expect(messages.map(({ source, text }) => `${source}: ${text}`)).toEqual([
    "user: one",
    "boss: two",
    "a: a1(one + two)",
  ]);
});

verifies("chat-78", "messages say whose they are", async () => {
  await using team = four(2);
  const { messages } = await team.run("x");
  expect(messages.filter(({ source }) => source !== "user")).toHaveLength(2);
});

verifies("chat-79", "every event carries the path of its speaker", async () => {
  await using team = four(3);
  const events = await eventsOf(team.run("x"));
  const spoken = events.filter((event) => event.kind === "message" && event.message.source !== "user");
  expect(spoken.map((event) => event.path)).toEqual([["a"], ["b"], ["c"]]);
});

verifies("chat-81", "maxTurns, then the next speaker, then a reset", async () => {
  await using team = four(3);
  const chat = team.session("s");
  const first = await chat.run("x");
  expect(heads(first.messages)).toEqual(["a1", "b1", "c1"]);
  expect(first.stopReason.kind).toBe("max-turns");
  expect(heads((await chat.run()).messages)).toEqual(["d1", "a2", "b2"]);
  await chat.reset();
  expect(heads((await chat.run("x")).messages)).toEqual(["a1", "b1", "c1"]);
});

verifies("chat-82", "the limit counts the task; without one there are more turns", async () => {
  await using team = new RoundRobinGroupChat({
    participants: [new Echo("a"), new Echo("b")],
    termination: new MaxMessageTermination(3),
  });
  const chat = team.session("s");
  expect(heads((await chat.run("x")).messages)).toHaveLength(2);
  expect(heads((await chat.run()).messages)).toHaveLength(3);
});

verifies("chat-83", "what an agent throws reaches the caller with its text", async () => {
  const failing = assistant("ill", [reply.failure(new Error("the very text"))]);
  await using team = new RoundRobinGroupChat({ participants: [failing] });
  expect(String(await errorOf(team.run("x")))).toContain("the very text");
});

verifies("chat-84", "a cancelled team can run again", async () => {
  const sleeper = assistant("s", [reply.hang(), "awake"]);
  await using team = new RoundRobinGroupChat({ participants: [sleeper], maxTurns: 1 });
  const run = team.run("x");
  for await (const event of run.events()) if (event.kind === "model-started") break;
  await run.cancel();
  expect((await run).stopReason.kind).toBe("cancelled");
  expect((await team.run("x")).text).toBe("awake");
});

verifies("chat-85", "one session has one run at a time", async () => {
  const sleeper = assistant("s", [reply.hang(), "second"]);
  await using team = new RoundRobinGroupChat({ participants: [sleeper], maxTurns: 1 });
  const chat = team.session("s");
  const run = chat.run("x");
  for await (const event of run.events()) if (event.kind === "model-started") break;
  expect(await codeOf(chat.run("y"))).toBe("run.session_busy");
  expect(await codeOf(chat.reset())).toBe("run.session_busy");
  expect(await codeOf(chat.snapshot())).toBe("run.session_busy");
  const queued = chat.run("z", { whenBusy: "queue" });
  await run.cancel();
  expect((await queued).text).toBe("second");
});

verifies("chat-86", "agents hear what is new, never their own words", async () => {
  await using team = new RoundRobinGroupChat({ participants: [new Echo("a"), new Echo("b")], maxTurns: 4 });
  const { messages } = await team.run("x");
  const texts = messages.map((message) => message.text);
  expect(texts[1]).toBe("a1(x)");
  expect(texts[2]).toBe("b1(x + a1(x))");
  expect(texts[3]).toBe("a2(b1(x + a1(x)))");
  expect(texts[4]).toBe("b2(a2(b1(x + a1(x))))");
});

verifies("chat-87", "tool events are shown, not delivered", async () => {
  const model = new ScriptedModel([reply.toolCall("secret"), "public"]);
  const worker = new AssistantAgent({ name: "worker", model, tools: [simpleTool("secret", () => "hidden figure")] });
  await using team = new RoundRobinGroupChat({ participants: [worker, new Echo("b")], maxTurns: 2 });
  const run = team.run("x");
  const events = await eventsOf(run);
  expect(JSON.stringify(events)).toContain("hidden figure");
  expect((await run).text).toBe("b1(x + public)");
});

verifies("chat-88", "save, restore, save gives the same document", async () => {
  await using team = four(3);
  const chat = team.session("s");
  await chat.run([
    { kind: "text", text: "x" },
    { kind: "structured", text: "{}", data: { n: [1, 2] } },
  ]);
  const saved = await chat.snapshot();
  await using twin = four(3);
  const other = twin.session("elsewhere");
  await other.restore(JSON.parse(JSON.stringify(saved)) as Record<string, unknown>);
  expect(await other.snapshot()).toEqual(saved);
  expect(heads((await other.run()).messages)).toEqual(["d1", "a2", "b2"]);
});

verifies("chat-89", "foreign documents are refused", async () => {
  await using team = four(1);
  const chat = team.session("s");
  await chat.run("x");
  const saved = await chat.snapshot();
  expect(await codeOf(chat.restore({ ...saved, runner: "other" }))).toBe("run.invalid_snapshot");
  expect(await codeOf(chat.restore({ ...saved, agents: { stranger: { state: null, lists: {} } } }))).toBe(
    "run.invalid_snapshot",
  );
  expect(await codeOf(chat.restore({ ...saved, agents: { a: 1 } }))).toBe("run.invalid_snapshot");
  expect(await chat.messages()).toHaveLength(2);
});

verifies("chat-91", "pause stops progress, resume goes on to the end", async () => {
  const model = new ScriptedModel((_request, { turn }) => reply.text(`turn ${turn}`, { delayMs: 2 }));
  await using team = new RoundRobinGroupChat({ participants: [new AssistantAgent({ name: "s", model })], maxTurns: 6 });
  const run = team.run("x");
  for await (const event of run.events()) if (event.kind === "model-called") break;
  await run.pause();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { calls } = model;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(model.calls).toBe(calls);
  expect(calls).toBeLessThan(6);
  await run.resume();
  expect((await run).stopReason.kind).toBe("max-turns");
  expect(model.calls).toBe(6);
});

const inner = (name: string, ...names: readonly string[]): RoundRobinGroupChat =>
  new RoundRobinGroupChat({ name, participants: names.map((each) => new Echo(each)), maxTurns: names.length });

verifies("chat-124", "inner messages are in the outer result, the task once", async () => {
  await using team = new RoundRobinGroupChat({ participants: [inner("in", "a", "b"), new Echo("c")], maxTurns: 2 });
  const { messages } = await team.run("x");
  expect(messages.map((message) => head(message.text))).toEqual(["x", "a1", "b1", "c1"]);
  expect(messages.at(-1)?.text).toBe("c1(x + a1(x) + b1(x + a1(x)))");
});

verifies("chat-125", "three levels deep", async () => {
  const middle = new RoundRobinGroupChat({
    name: "middle",
    participants: [inner("deep", "a", "b"), new Echo("c")],
    maxTurns: 2,
  });
  await using team = new RoundRobinGroupChat({ participants: [middle, new Echo("d")], maxTurns: 4 });
  const run = team.run("x");
  const events = await eventsOf(run);
  const { messages } = await run;
  expect(messages.map((message) => head(message.text))).toEqual(["x", "a1", "b1", "c1", "d1", "a2", "b2", "c2", "d2"]);
  const paths = events.filter((event) => event.kind === "message").map((event) => event.path.join("/"));
  expect(paths.slice(1, 5)).toEqual(["middle/deep/a", "middle/deep/b", "middle/c", "d"]);
});

verifies("chat-126", "the state of nested teams survives save and restore", async () => {
  const make = (): RoundRobinGroupChat =>
    new RoundRobinGroupChat({ name: "outer", participants: [inner("in", "a", "b"), new Echo("c")], maxTurns: 1 });
  await using team = make();
  const chat = team.session("s");
  await chat.run("x");
  const saved = await chat.snapshot();
  await using twin = make();
  const other = twin.session("t");
  await other.restore(JSON.parse(JSON.stringify(saved)) as Record<string, unknown>);
  expect(await other.snapshot()).toEqual(saved);
  expect(heads((await other.run()).messages)).toEqual(["c1"]);
  expect(heads((await other.run()).messages)).toEqual(["a2", "b2"]);
});

verifies("chat-135", "printing gives the result that awaiting gives", async () => {
  await using team = four(2);
  const lines: string[] = [];
  const run = team.run("x");
  const printed = await printRun(run, { writer: { isTerminal: false, write: (text) => void lines.push(text) } });
  expect(printed).toEqual(await run);
  expect(lines.join("")).toContain("b1(x + a1(x))");
});
