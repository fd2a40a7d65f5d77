import {
  agentId,
  type DeadLetter,
  defineAgent,
  dropMessage,
  InProcessRuntime,
  type RuntimeEvent,
  topicId,
} from "@troupe/core";
import { expect } from "vitest";
import { verifies } from "../core.ts";
import { agent, Anything, Ask, codeOf, createGate, type Gate, Note, open, recordErrors, register } from "./fixtures.ts";

const failing = (type: string) =>
  agent(type, {
    topics: ["news"],
    onNote: () => {
      throw new Error(`${type} is broken`);
    },
  });

function reasons(letters: readonly DeadLetter[]): readonly string[] {
  return letters.map((letter) => `${letter.reason}: ${letter.error?.message ?? ""}`);
}

verifies("core-41", "an event handler's error is kept and reported, and the runtime goes on", async () => {
  const { logger, errors } = recordErrors();
  const runtime = open({ logger });
  await register(runtime, failing("a"));
  await runtime.tell(Note("x"), agentId("a", "x"));
  await runtime.idle();
  expect(reasons(runtime.deadLetters.list())).toEqual(["handler-failed: a is broken"]);
  expect(errors.map((record) => record.error)).toEqual([expect.objectContaining({ message: "a is broken" })]);
  expect(await runtime.send(Ask("still there?"), agentId("a", "x"))).toBe("still there?");
});

const oneFails = async (): Promise<void> => {
  const runtime = open();
  const heard: string[] = [];
  await register(
    runtime,
    failing("a"),
    agent("b", { topics: ["news"], onNote: (text) => void heard.push(text) }),
    failing("c"),
  );
  await runtime.publish(Note("hello"), topicId("news", "x"), { sender: agentId("nobody", "known") });
  await runtime.idle();
  expect(heard).toEqual(["hello"]);
  expect([...reasons(runtime.deadLetters.list())].sort()).toEqual([
    "handler-failed: a is broken",
    "handler-failed: c is broken",
  ]);
};
verifies("core-42", "a failing handler does not affect other recipients, and all errors are kept", oneFails);
verifies("core-R8", "a failing recipient and an unknown sender cancel nothing", oneFails);

verifies("core-R9", "idle waits for slow handlers after others have failed, and every error is kept", async () => {
  const runtime = open();
  const gate = createGate();
  let isDone = false;
  const slow = agent("slow", {
    topics: ["news"],
    onNote: async () => {
      await gate.pass();
      isDone = true;
    },
  });
  await register(runtime, failing("a"), slow, failing("b"));
  await runtime.publish(Note("x"), topicId("news", "x"));
  await gate.reached;
  const idle = runtime.idle().then(() => isDone);
  gate.open();
  expect(await idle).toBe(true);
  expect(runtime.deadLetters.list()).toHaveLength(2);
});

verifies("core-R10", "the error is reported when it happens, and waiting callers get their replies", async () => {
  const events: RuntimeEvent[] = [];
  const runtime = open({ observer: (event) => events.push(event) });
  await register(runtime, failing("a"));
  const replies = Promise.all(["one", "two"].map((text) => runtime.send(Ask(text), agentId("a", "x"))));
  await runtime.tell(Note("x"), agentId("a", "x"));
  const later = runtime.send(Ask("three"), agentId("a", "x"));
  expect(await replies).toEqual(["one", "two"]);
  expect(await later).toBe("three");
  expect(events.filter((event) => event.kind === "handler-failed")).toHaveLength(1);
});

verifies(
  "core-44",
  "idle is reached after drops, hook errors, cancelled callers and unserialisable values",
  async () => {
    const runtime = open({
      interventions: [
        {
          onSend: (message) => {
            if (message.payload === "drop") return dropMessage;
            if (message.payload === "throw") throw new Error("hook");
            return message;
          },
          onPublish: () => dropMessage,
        },
      ],
    });
    const gate = createGate();
    const a = agent("a", {
      topics: ["news"],
      onAsk: async (text) => (text === "slow" ? gate.pass().then(() => text) : text),
    });
    const odd = defineAgent({ type: "odd", state: () => ({}), handlers: (on) => [on.request(Anything, () => 1n)] });
    await register(runtime, a, odd);
    const cancelled = codeOf(runtime.send(Ask("slow"), a.id("x"), { signal: AbortSignal.timeout(5) }));
    const codes = [
      runtime.send(Ask("drop"), a.id("y")),
      runtime.send(Ask("throw"), a.id("y")),
      runtime.send(Anything([1n]), odd.id("x")),
      runtime.send(Anything(null), odd.id("x")),
    ];
    expect(await Promise.all(codes.map(codeOf))).toEqual([
      "delivery.dropped",
      "Error: hook",
      "serialization.unserializable",
      "serialization.unserializable",
    ]);
    await runtime.publish(Note("gone"), topicId("news", "x"));
    expect(await cancelled).toContain("TimeoutError");
    gate.open();
    await runtime.idle();
    expect(runtime.stats()).toMatchObject({ queuedMessages: 0, runningTurns: 0, pendingRequests: 0 });
  },
);

verifies("core-45", "every combination of cancel, drop and error leaves a runtime that works", async () => {
  for (const cancel of ["never", "before", "queued", "running"] as const) {
    for (const hook of ["pass", "drop", "throw"] as const) {
      for (const point of ["send", "reply"] as const) {
        for (const handler of ["reply", "throw"] as const) await survives({ cancel, hook, point, handler });
      }
    }
  }
});

interface Combination {
  readonly cancel: "never" | "before" | "queued" | "running";
  readonly hook: "pass" | "drop" | "throw";
  readonly point: "send" | "reply";
  readonly handler: "reply" | "throw";
}

async function survives(combination: Combination): Promise<void> {
  const { cancel, hook, point, handler } = combination;
  const interfere = <T>(at: Combination["point"], value: T): T | typeof dropMessage => {
    if (at !== point || hook === "pass" || value === "after") return value;
    if (hook === "drop") return dropMessage;
    throw new Error("hook");
  };
  const runtime = new InProcessRuntime({
    interventions: [
      {
        onSend: (message) => (message.payload === "x" ? interfere("send", message) : message),
        onReply: (reply) => (reply === "x" ? interfere("reply", reply) : reply),
      },
    ],
  });
  const gates: readonly Gate[] = [createGate(), createGate()];
  const a = agent("a", {
    onAsk: async (text) => {
      if (text === "after") return text;
      await gates[text === "block" ? 0 : 1]?.pass();
      if (text === "x" && handler === "throw") throw new Error("handler");
      return text;
    },
  });
  await register(runtime, a);
  const controller = new AbortController();
  if (cancel === "before") controller.abort("cancelled");
  const blocking = runtime.send(Ask("block"), a.id("x"));
  await gates[0]?.reached;
  const outcome = codeOf(runtime.send(Ask("x"), a.id("x"), { signal: controller.signal }));
  if (cancel === "queued") controller.abort("cancelled");
  gates[0]?.open();
  await blocking;
  const isHandled = (hook === "pass" || point === "reply") && (cancel === "never" || cancel === "running");
  if (isHandled) await gates[1]?.reached;
  if (cancel === "running") controller.abort("cancelled");
  gates[1]?.open();
  const code = await outcome;
  const context = JSON.stringify(combination);
  expect(["cancelled", "delivery.dropped", "Error: hook", "Error: handler", undefined], context).toContain(code);
  if (cancel === "never" && hook === "pass")
    expect(code, context).toBe(handler === "throw" ? "Error: handler" : undefined);
  expect(await runtime.send(Ask("after"), a.id("x")), context).toBe("after");
  await runtime.idle();
  expect(runtime.stats(), context).toMatchObject({ queuedMessages: 0, runningTurns: 0, pendingRequests: 0 });
  await runtime.close();
}

const unknownSender = async (): Promise<void> => {
  const runtime = open();
  const senders: unknown[] = [];
  const a = agent("a", {
    topics: ["news"],
    onNote: (_, context) => void senders.push(context.message.sender),
    onAsk: (text) => text,
  });
  await register(runtime, a);
  const sender = agentId("nobody", "knows");
  expect(await runtime.send(Ask("?"), a.id("x"), { sender })).toBe("?");
  await runtime.publish(Note("x"), topicId("news", "x"), { sender });
  await runtime.idle();
  expect(senders).toEqual([sender]);
  expect(runtime.stats().activeAgents).toBe(1);
};
verifies("core-47", "a sender that nobody registered is harmless", unknownSender);
verifies("core-R16", "it breaks neither requests nor publishes", unknownSender);

verifies("core-R7", "values that are not JSON are typed errors at the caller, both ways", async () => {
  const runtime = open();
  const odd = defineAgent({
    type: "odd",
    state: () => ({}),
    handlers: (on) => [on.request(Anything, () => new Map())],
  });
  await register(runtime, odd);
  expect(await codeOf(runtime.send(Anything(new Date(0)), odd.id("x")))).toBe("serialization.unserializable");
  expect(await codeOf(runtime.send(Anything(null), odd.id("x")))).toBe("serialization.unserializable");
  await runtime.idle();
});

verifies("core-R3", "a handler that throws after its caller left leaves nothing unfinished", async () => {
  const gate = createGate();
  const runtime = open();
  const a = agent("a", {
    onAsk: async (text) => {
      if (text !== "x") return text;
      await gate.pass();
      throw new Error("too late");
    },
  });
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
