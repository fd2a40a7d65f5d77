import { type MessageDraft, toModelMessage } from "@troupe/agentchat";
import { ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { AssistantAgent } from "@troupe/agentchat";
import { verifies } from "../agentchat.ts";
import { assistant, codeOf, Echo, eventsOf, thrownCode } from "./fixtures.ts";

verifies("chat-1", "messages have ids of their own, and keep those they have", async () => {
  const { messages } = await new Echo("e").run([
    { kind: "text", text: "same" },
    { kind: "text", text: "same" },
    { kind: "text", text: "mine", id: "mine-1" },
  ]);
  const ids = messages.map((message) => message.id);
  expect(new Set(ids).size).toBe(4);
  expect(ids[2]).toBe("mine-1");
});

verifies("chat-2", "a delta names its message and is not recorded", async () => {
  const run = assistant("a", ["some words to stream in pieces"]).run("go");
  const events = await eventsOf(run);
  const answer = events.find((event) => event.kind === "message" && event.message.source === "a");
  const deltas = events.filter((event) => event.kind === "text-delta");
  expect(deltas.length).toBeGreaterThan(0);
  for (const delta of deltas) {
    expect(delta.isLive).toBe(true);
    expect(answer?.kind === "message" && answer.message.id).toBe(delta.messageId);
  }
});

verifies("chat-10", "a multimodal message is text for people and parts for the model", async () => {
  const draft: MessageDraft = {
    kind: "multi-modal",
    text: "look [image]",
    content: [
      { kind: "text", text: "look" },
      { kind: "file", mediaType: "image/png", data: "aGk=" },
    ],
  };
  const model = new ScriptedModel(["seen"]);
  const { messages } = await new AssistantAgent({ name: "a", model }).run(draft);
  expect(messages[0]?.text).toBe("look [image]");
  expect(model.requests[0]?.messages.at(-1)).toMatchObject({ role: "user", name: "user", content: draft.content });
  expect(messages[0] && toModelMessage(messages[0])).toMatchObject({ content: draft.content });
});

verifies("chat-13", "a run on a text starts with the user's message", async () => {
  const result = await new Echo("e").run("hello");
  expect(result.messages[0]).toMatchObject({ kind: "text", source: "user", text: "hello" });
  expect(result.text).toBe("e1(hello)");
});

verifies("chat-14", "a run without a task goes on", async () => {
  await using echo = new Echo("e");
  const chat = echo.session("s");
  await chat.run("hello");
  const result = await chat.run();
  expect(result.text).toBe("e2()");
  expect(result.messages).toHaveLength(1);
});

verifies("chat-15", "empty lists and foreign elements are rejected, and the object works on", async () => {
  await using echo = new Echo("e");
  expect(await codeOf(echo.run([]))).toBe("run.invalid_task");
  for (const foreign of [42, null, { kind: "nonsense", text: "x" }, { kind: "text" }]) {
    expect(await codeOf(echo.run([foreign as never]))).toBe("run.invalid_task");
  }
  expect((await echo.run("ok")).text).toBe("e1(ok)");
});

verifies("chat-16", "the messages of the result are those of the events", async () => {
  const run = assistant("a", ["words that are streamed"]).run("go");
  const events = await eventsOf(run);
  const { messages } = await run;
  expect(events.flatMap((event) => (event.kind === "message" ? [event.message] : []))).toEqual(messages);
});

verifies("chat-17", "names are identifiers of any script", () => {
  for (const name of ["a b", "1a", "a-b", "", "a/b"])
    expect(thrownCode(() => new Echo(name))).toBe("config.invalid_definition");
  expect(new Echo("été").name).toBe("été");
});
