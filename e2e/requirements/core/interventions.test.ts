import { agentId, dropMessage, type RuntimeEvent, topicId } from "@troupe/core";
import { expect } from "vitest";
import { verifies } from "../core.ts";
import { agent, Ask, codeOf, createGate, Note, open, recordErrors, register } from "./fixtures.ts";

const hooksFinish = async (): Promise<void> => {
  let mode: "drop" | "throw" | "pass" = "drop";
  const interfere = <T>(value: T): T | typeof dropMessage => {
    if (mode === "drop") return dropMessage;
    if (mode === "throw") throw new Error("hook");
    return value;
  };
  const runtime = open({ interventions: [{ onSend: interfere, onPublish: interfere, onReply: interfere }] });
  await register(runtime, agent("a", { topics: ["news"] }));
  for (mode of ["drop", "throw"] as const) {
    await codeOf(runtime.send(Ask("x"), agentId("a", "x")));
    await codeOf(runtime.publish(Note("x"), topicId("news", "x")));
    await codeOf(runtime.tell(Note("x"), agentId("a", "x")));
    await runtime.idle();
  }
  mode = "pass";
  expect(await runtime.send(Ask("fine"), agentId("a", "x"))).toBe("fine");
};
verifies("core-R1", "a drop or an exception in a hook leaves nothing unfinished", hooksFinish);

verifies("core-R2", "dropping the reply of a cancelled request does not stop the runtime", async () => {
  const gate = createGate();
  const runtime = open({ interventions: [{ onReply: (reply) => (reply === "x" ? dropMessage : reply) }] });
  const a = agent("a", { onAsk: async (text) => (text === "x" ? gate.pass().then(() => text) : text) });
  await register(runtime, a);
  const controller = new AbortController();
  const cancelled = codeOf(runtime.send(Ask("x"), a.id("x"), { signal: controller.signal }));
  await gate.reached;
  controller.abort("gone");
  gate.open();
  expect(await cancelled).toBe("gone");
  await runtime.idle();
  expect(await runtime.send(Ask("y"), a.id("x"))).toBe("y");
});

verifies("core-51", "hooks run once for each message, and both sides see what they returned", async () => {
  const calls: string[] = [];
  const runtime = open({
    interventions: [
      {
        onSend: (message) => {
          calls.push("send");
          return { ...message, payload: `${String(message.payload)}!` };
        },
        onPublish: (message) => {
          calls.push("publish");
          return { ...message, payload: `${String(message.payload)}?` };
        },
        onReply: (reply) => {
          calls.push("reply");
          return `${String(reply)}.`;
        },
      },
    ],
  });
  const heard: string[] = [];
  const make = (type: string) =>
    agent(type, { topics: ["news"], onNote: (text) => void heard.push(text), onAsk: (text) => text });
  await register(runtime, make("a"), make("b"));
  expect(await runtime.send(Ask("hi"), agentId("a", "x"))).toBe("hi!.");
  await runtime.publish(Note("news"), topicId("news", "x"));
  await runtime.idle();
  expect(heard).toEqual(["news?", "news?"]);
  expect(calls).toEqual(["send", "reply", "publish"]);
});

verifies("core-52", "a drop is a typed error, silence, and an event", async () => {
  const events: RuntimeEvent[] = [];
  const runtime = open({
    observer: (event) => events.push(event),
    interventions: [{ name: "censor", onSend: () => dropMessage, onPublish: () => dropMessage }],
  });
  const heard: string[] = [];
  await register(runtime, agent("a", { topics: ["news"], onNote: (text) => void heard.push(text) }));
  expect(await codeOf(runtime.send(Ask("x"), agentId("a", "x")))).toBe("delivery.dropped");
  await runtime.publish(Note("x"), topicId("news", "x"));
  await runtime.idle();
  expect(heard).toEqual([]);
  expect(events.filter((event) => event.kind === "message-dropped")).toMatchObject([
    { by: "censor" },
    { by: "censor" },
  ]);
});

verifies("core-53", "a hook's error reaches the caller; the handler has not run", async () => {
  const error = new Error("hook");
  const asked: string[] = [];
  const runtime = open({
    interventions: [
      {
        onSend: (message) => {
          if (message.payload === "at send") throw error;
          return message;
        },
        onReply: (reply) => {
          if (reply === "at reply") throw error;
          return reply;
        },
      },
    ],
  });
  await register(runtime, agent("a", { onAsk: (text) => (asked.push(text), text) }));
  await expect(runtime.send(Ask("at send"), agentId("a", "x"))).rejects.toBe(error);
  expect(asked).toEqual([]);
  await expect(runtime.send(Ask("at reply"), agentId("a", "x"))).rejects.toBe(error);
});

const chaining = async (): Promise<void> => {
  const { logger, warnings } = recordErrors();
  const runtime = open({
    logger,
    interventions: [
      { onSend: (message) => ({ ...message, payload: `${String(message.payload)}1` }) },
      { name: "silent", onSend: () => undefined },
      { onSend: async (message) => ({ ...message, payload: `${String(message.payload)}2` }) },
    ],
  });
  await register(runtime, agent("a"));
  expect(await runtime.send(Ask("x"), agentId("a", "x"))).toBe("x12");
  expect(await runtime.send(Ask("y"), agentId("a", "x"))).toBe("y12");
  expect(warnings.map((record) => record.message)).toEqual([expect.stringContaining('"silent"')]);
};
verifies("core-54", "hooks chain; undefined means unchanged, with a warning", chaining);
verifies("core-R4", "intervention handlers compose", chaining);
verifies("core-R5", "a hook that returns nothing changes nothing", chaining);
