import {
  agentId,
  type DeadLetter,
  defineAgent,
  dropMessage,
  InProcessRuntime,
  type LogRecord,
  type RuntimeEvent,
  type Span,
  topicId,
  type Tracer,
  typeSubscription,
} from "@troupe/core";
import { ManualClock } from "@troupe/core/testing";
import { expect, vi } from "vitest";
import { z } from "zod";
import { verifies } from "../core.ts";
import { agent, Anything, Ask, codeOf, createGate, type Gate, Note, open, register, thrownCode } from "./fixtures.ts";

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

function recordErrors(): {
  readonly logger: { readonly [K in "debug" | "info" | "warn" | "error"]: (record: LogRecord) => void };
  readonly errors: LogRecord[];
  readonly warnings: LogRecord[];
} {
  const errors: LogRecord[] = [];
  const warnings: LogRecord[] = [];
  return {
    logger: {
      debug: () => {},
      info: () => {},
      warn: (record) => warnings.push(record),
      error: (record) => errors.push(record),
    },
    errors,
    warnings,
  };
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

const closeSettles = async (): Promise<void> => {
  const clock = new ManualClock();
  const runtime = new InProcessRuntime({ clock });
  const gate = createGate();
  const slow = agent("slow", {
    onAsk: async (text) => {
      if (text === "first") await gate.pass();
      return text;
    },
  });
  await register(runtime, slow);
  const codes = Promise.all(
    ["first", "queued", "queued too"].map((text) => codeOf(runtime.send(Ask(text), slow.id("x")))),
  );
  await gate.reached;
  const closing = runtime.close({ graceMs: 1000 });
  expect(await codes).toEqual(Array.from({ length: 3 }, () => "delivery.runtime_closed"));
  let isClosed = false;
  void closing.then(() => (isClosed = true));
  // Within the grace, on the clock's own time.
  for (let step = 0; step < 30 && !isClosed; step++) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(isClosed).toBe(true);
  gate.open();
  const next = open();
  await register(next, slow);
  expect(await next.send(Ask("fresh"), slow.id("x"))).toBe("fresh");
  expect(next.stats().queuedMessages).toBe(0);
};
verifies("core-43", "closing settles every waiting caller within a bound", closeSettles);
verifies("core-R6", "nobody hangs, and nothing leaks into a new runtime", closeSettles);

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

const bounded = async (): Promise<void> => {
  const runtime = open({ mailboxCapacity: 10 });
  const gate = createGate();
  let handled = 0;
  const slow = agent("slow", {
    topics: ["news"],
    onNote: async () => {
      if (handled === 0) await gate.pass();
      handled += 1;
    },
  });
  await register(runtime, slow);
  let accepted = 0;
  const publishing = Promise.all(
    Array.from({ length: 1000 }, () => runtime.publish(Note("x"), topicId("news", "x")).then(() => (accepted += 1))),
  );
  await gate.reached;
  await new Promise((resolve) => setImmediate(resolve));
  expect(accepted).toBeLessThanOrEqual(12);
  expect(runtime.stats().queuedMessages).toBeLessThanOrEqual(11);
  gate.open();
  await publishing;
  await runtime.idle();
  expect(handled).toBe(1000);
};
verifies("core-46", "publishing to a slow agent is held back", bounded);
verifies("core-R13", "queues are bounded", bounded);

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

const passivation = async (): Promise<void> => {
  const runtime = open({ maxIdleAgents: 5 });
  const counter = agent("counter", {
    onAsk: (text, context) => {
      if (text === "add") context.state.count += 1;
      return String(context.state.count);
    },
  });
  await register(runtime, counter);
  for (let key = 0; key < 200; key++) await runtime.send(Ask(key % 2 === 0 ? "add" : "look"), counter.id(String(key)));
  await runtime.idle();
  expect(runtime.stats().activeAgents).toBeLessThanOrEqual(5);
  for (let key = 0; key < 200; key++)
    expect(await runtime.send(Ask("look"), counter.id(String(key)))).toBe(key % 2 === 0 ? "1" : "0");
};
verifies("core-48", "idle agents leave memory and come back with their state", passivation);

verifies("core-R17", "topic sources and finished agents leave nothing", async () => {
  const runtime = open({ maxIdleAgents: 0 });
  await register(runtime, agent("a", { topics: ["news"] }));
  for (let source = 0; source < 5000; source++) await runtime.publish(Note("x"), topicId("news", String(source)));
  await runtime.idle();
  expect(runtime.stats()).toMatchObject({
    activeAgents: 0,
    residentCells: 0,
    queuedMessages: 0,
    rememberedMessages: 0,
  });
});

const closesAll = async (): Promise<void> => {
  const told: string[] = [];
  const runtime = new InProcessRuntime();
  const make = (type: string) =>
    defineAgent({
      type,
      state: () => ({}),
      handlers: (on) => [on.event(Note, () => {})],
      onPassivate: (id) => {
        told.push(id.type);
        if (id.type === "b") throw new Error("will not close");
      },
    });
  await register(runtime, ...["a", "b", "c"].map(make));
  for (const type of ["a", "b", "c"]) await runtime.tell(Note("x"), agentId(type, "x"));
  await runtime.idle();
  await runtime.close();
  expect(told.sort()).toEqual(["a", "b", "c"]);
};
verifies("core-50", "closing tells every live agent, also when one throws", closesAll);
verifies("core-R20", "it goes on when one agent fails to close", closesAll);

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

verifies("core-55", "an abort gives the reason to the caller and stops nested work", async () => {
  const runtime = open();
  const gate = createGate();
  const seen: string[] = [];
  const inner = agent("inner", {
    onAsk: async (_, context) => {
      const outcome = await context.stepOutcome("work", async (step) => {
        const aborted = new Promise((_resolve, reject) => {
          step.signal.addEventListener("abort", () => reject(step.signal.reason as Error), { once: true });
        });
        await Promise.race([gate.pass(), aborted]);
      });
      seen.push(outcome.status);
      return "done";
    },
  });
  const outer = agent("outer", { onAsk: (text, context) => context.send(Ask(text), inner.id("x")) });
  await register(runtime, inner, outer);
  const controller = new AbortController();
  const reason = new Error("stop");
  const pending = runtime.send(Ask("go"), outer.id("x"), { signal: controller.signal });
  await gate.reached;
  controller.abort(reason);
  await expect(pending).rejects.toBe(reason);
  await vi.waitFor(() => expect(seen).toEqual(["cancelled"]));
  await runtime.idle();
});

verifies("core-57", "a request cancelled while it waits never reaches its handler", async () => {
  await cancelledBeforeDelivery();
});
verifies("core-R14", "a cancelled message that still waits is not handled", async () => {
  await cancelledBeforeDelivery();
});

async function cancelledBeforeDelivery(): Promise<void> {
  const runtime = open();
  const gate = createGate();
  const asked: string[] = [];
  const a = agent("a", {
    onAsk: async (text) => {
      asked.push(text);
      if (text === "first") await gate.pass();
      return text;
    },
  });
  await register(runtime, a);
  const first = runtime.send(Ask("first"), a.id("x"));
  await gate.reached;
  const controller = new AbortController();
  const queued = codeOf(runtime.send(Ask("queued"), a.id("x"), { signal: controller.signal }));
  const late = codeOf(runtime.send(Ask("late"), a.id("x"), { signal: AbortSignal.abort("too late") }));
  controller.abort("changed");
  expect([await queued, await late]).toEqual(["changed", "too late"]);
  gate.open();
  await first;
  await runtime.idle();
  expect(asked).toEqual(["first"]);
}

/** A signal that counts its listeners. */
function countListeners(signal: AbortSignal): () => number {
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...parameters: Parameters<typeof add>) => {
    count += 1;
    add(...parameters);
  };
  signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
    count -= 1;
    remove(...parameters);
  };
  return () => count;
}

const listeners = async (): Promise<void> => {
  const runtime = open();
  const a = agent("a", {
    onAsk: (text) => {
      if (text === "throw") throw new Error("x");
      return text;
    },
  });
  await register(runtime, a);
  const controller = new AbortController();
  const count = countListeners(controller.signal);
  for (let round = 0; round < 50; round++) {
    await runtime.send(Ask("x"), a.id("x"), { signal: controller.signal });
    await codeOf(runtime.send(Ask("throw"), a.id("x"), { signal: controller.signal }));
    await runtime.tell(Note("x"), a.id("x"), { signal: controller.signal });
  }
  await runtime.idle();
  expect(count()).toBe(0);
  // A listener that uses the runtime and another that throws disturb nobody.
  const gate = createGate();
  const slow = agent("slow", { onAsk: () => gate.pass().then(() => "late") });
  await register(runtime, slow);
  const pending = codeOf(runtime.send(Ask("slow"), slow.id("x"), { signal: controller.signal }));
  await gate.reached;
  const nested: Promise<string>[] = [];
  controller.signal.addEventListener("abort", () => {
    controller.abort("again");
    nested.push(runtime.send(Ask("from a listener"), a.id("x")));
  });
  controller.abort("stop");
  expect(await pending).toBe("stop");
  expect(await Promise.all(nested)).toEqual(["from a listener"]);
  gate.open();
  await runtime.idle();
};
verifies("core-58", "listeners disturb nobody and are removed", listeners);
verifies("core-R26", "cancelling inside a listener works and listeners are removed", listeners);

verifies("core-60", "any agent's state can be read and restored elsewhere; unknown types are an error", async () => {
  const counter = agent("counter", {
    onAsk: (_, context) => {
      context.state.count += 1;
      return String(context.state.count);
    },
  });
  const first = open({ maxIdleAgents: 0 });
  await register(first, counter);
  await first.send(Ask("x"), counter.id("a"));
  await first.idle();
  const snapshot = await first.snapshot(counter.id("a"));
  expect(snapshot).toEqual({ state: { count: 1 }, lists: {} });
  const second = open();
  await register(second, counter);
  if (snapshot !== undefined) await second.restore(counter.id("a"), snapshot);
  expect(await second.send(Ask("x"), counter.id("a"))).toBe("2");
  expect(await codeOf(second.snapshot(agentId("nobody", "x")))).toBe("delivery.no_such_agent");
});

verifies("core-R24", "restoring an unknown type, or while the agent works, is refused", async () => {
  const runtime = open();
  const gate = createGate();
  const a = agent("a", { onAsk: (text) => gate.pass().then(() => text) });
  await register(runtime, a);
  const snapshot = { state: { count: 7 }, lists: {} };
  expect(await codeOf(runtime.restore(agentId("nobody", "x"), snapshot))).toBe("delivery.no_such_agent");
  const pending = runtime.send(Ask("x"), a.id("x"));
  await gate.reached;
  expect(await codeOf(runtime.restore(a.id("x"), snapshot))).toBe("state.busy");
  gate.open();
  await pending;
});

verifies("core-R15", "without ports nothing is computed for them, and tracing activates no agent", async () => {
  let reads = 0;
  const payload = z.unknown();
  const runtime = open();
  const sink = agent("sink", { topics: ["news"] });
  await register(runtime, sink);
  const watched = Note("x");
  Object.defineProperty(watched, "payload", {
    enumerable: true,
    get: () => {
      reads += 1;
      return "x";
    },
  });
  await runtime.tell(watched, sink.id("x"));
  await runtime.idle();
  // Validated, copied, and perhaps asked for by the type once more; AutoGen serialises it up to four times besides.
  expect(reads).toBeLessThanOrEqual(3);
  expect(payload).toBeDefined();
  const traced = open({ tracer: recordingTracer([]) });
  await register(traced, agent("sink", { topics: ["news"] }));
  await traced.publish(Note("x"), topicId("news", "x"), { sender: agentId("sink", "sender") });
  await traced.idle();
  expect(traced.stats().activeAgents).toBe(1);
});

interface StartedSpan {
  readonly name: string;
  readonly parent: Span | undefined;
  readonly trace: Readonly<Record<string, string>> | undefined;
}

function recordingTracer(spans: StartedSpan[]): Tracer {
  return {
    startSpan: (name, options) => {
      spans.push({ name, parent: options?.parent, trace: options?.trace });
      const traceparent = `00-${"a".repeat(32)}-${String(spans.length).padStart(16, "0")}-01`;
      return { setAttribute: () => {}, recordError: () => {}, end: () => {}, propagate: () => ({ traceparent }) };
    },
  };
}

verifies("core-R27", "a span's parent comes with the message, never from what happens to run", async () => {
  const spans: StartedSpan[] = [];
  const runtime = open({ tracer: recordingTracer(spans) });
  const a = agent("a", { onAsk: (text) => text });
  await register(runtime, a);
  const traceparent = `00-${"b".repeat(32)}-${"1".repeat(16)}-01`;
  await runtime.send(Ask("x"), a.id("x"), { trace: { traceparent } });
  await runtime.send(Ask("y"), a.id("x"));
  await runtime.idle();
  expect(spans.length).toBeGreaterThan(0);
  const given = spans.filter((span) => JSON.stringify(span.trace ?? {}).includes("b".repeat(32)));
  expect(given.length).toBeGreaterThan(0);
  // The second request carries no trace: none of its spans may inherit the first one's.
  const last = spans.at(-1);
  expect(JSON.stringify(last?.trace ?? {})).not.toContain("b".repeat(32));
});

verifies("core-56", "an abort that happened before is passed on at once, and aborting twice is harmless", async () => {
  const runtime = open();
  const a = agent("a");
  await register(runtime, a);
  const controller = new AbortController();
  controller.abort("first");
  controller.abort("second");
  expect(await codeOf(runtime.send(Ask("x"), a.id("x"), { signal: controller.signal }))).toBe("first");
  const { linkSignal } = await import("@troupe/core");
  const child = new AbortController();
  linkSignal(controller.signal, child)();
  expect(child.signal.reason).toBe("first");
  expect(thrownCode(() => child.signal.throwIfAborted())).toBe("first");
  expect(typeSubscription("x").kind).toBe("type");
});
