import { agentId, defineAgent, type LogRecord, type RuntimeEvent, topicId } from "@troupe/core";
import { expect } from "vitest";
import { verifies } from "../core.ts";
import {
  agent,
  Anything,
  Ask,
  AskOther,
  codeOf,
  createGate,
  Note,
  open,
  Other,
  register,
  thrownCode,
} from "./fixtures.ts";

verifies("core-23", "a message goes to the handler of exactly its type", async () => {
  const runtime = open();
  const seen: string[] = [];
  const both = defineAgent({
    type: "both",
    state: () => ({}),
    handlers: (on) => [
      on.event(Note, (text) => void seen.push(`note ${text}`)),
      on.event(Other, (text) => void seen.push(`other ${text}`)),
    ],
  });
  await register(runtime, both);
  await runtime.tell(Other("a"), both.id("x"));
  await runtime.tell(Note("b"), both.id("x"));
  await runtime.idle();
  expect(seen).toEqual(["other a", "note b"]);
});

verifies("core-24", "two handlers for one type are refused at definition", () => {
  const define = (): unknown =>
    defineAgent({
      type: "twice",
      state: () => ({}),
      handlers: (on) => [on.event(Note, () => {}), on.event(Note, () => {})],
    });
  expect(thrownCode(define)).toBe("config.invalid_definition");
});

verifies("core-25", "an event handler gets no request of the same agent, and a forged mix is refused", async () => {
  const runtime = open();
  const seen: string[] = [];
  const listener = defineAgent({
    type: "listener",
    state: () => ({}),
    handlers: (on) => [on.event(Note, (text) => void seen.push(text))],
  });
  await register(runtime, listener);
  // What the compiler refuses (see packages/core/test/tour-core.test-d.ts), done anyway.
  const forged = { type: "Note", payload: "forged" } as unknown as ReturnType<typeof Ask>;
  expect(await codeOf(runtime.send(forged, agentId("listener", "x")))).toMatch(/^(delivery|serialization|config)\./);
  expect(seen).toEqual([]);
});

verifies("core-26", "a reply that does not fit is an error at the caller", async () => {
  const runtime = open();
  await register(runtime, agent("wrong", { onAsk: () => 42 as unknown as string }));
  expect(await codeOf(runtime.send(Ask("?"), agentId("wrong", "x")))).toBe("serialization.invalid_reply");
});

verifies("core-27", "an unhandled event is ignored, and the logger and observer are told", async () => {
  const infos: LogRecord[] = [];
  const events: RuntimeEvent[] = [];
  const ignore = (): void => {};
  const runtime = open({
    logger: { debug: ignore, info: (record) => infos.push(record), warn: ignore, error: ignore },
    observer: (event) => events.push(event),
  });
  const deaf = defineAgent({ type: "deaf", state: () => ({}), handlers: (on) => [on.request(Ask, (text) => text)] });
  await register(runtime, deaf);
  await runtime.tell(Note("hello"), agentId("deaf", "x"));
  await runtime.idle();
  expect(infos.map((record) => record.message)).toEqual([expect.stringContaining('"Note"')]);
  expect(events.some((event) => event.kind === "message-unhandled")).toBe(true);
  expect(runtime.deadLetters.list()).toEqual([]);
});

const unhandledRequest = async (): Promise<void> => {
  const runtime = open();
  await register(runtime, agent("a"));
  expect(await codeOf(runtime.send(AskOther("?"), agentId("a", "x")))).toBe("delivery.no_handler");
};
verifies("core-28", "a request that nobody handles fails", unhandledRequest);
verifies("core-R22", "it fails with a code, not with null", unhandledRequest);

verifies("core-29", "on.unknown gets every event that no other handler takes", async () => {
  const runtime = open();
  const seen: unknown[] = [];
  const catchAll = defineAgent({
    type: "catchall",
    state: () => ({}),
    handlers: (on) => [on.event(Note, () => void seen.push("note")), on.unknown((message) => void seen.push(message))],
  });
  await register(runtime, catchAll);
  await runtime.tell(Note("a"), agentId("catchall", "x"));
  await runtime.tell(Other("b"), agentId("catchall", "x"));
  await runtime.idle();
  expect(seen).toEqual(["note", { type: "Other", payload: "b" }]);
});

verifies("core-30", "a context that leaked out of its handler refuses every call", async () => {
  const runtime = open();
  let leaked: Parameters<NonNullable<Parameters<typeof agent>[1]>["onNote"] & {}>[1] | undefined;
  const leaky = agent("leaky", { onNote: (_, context) => void (leaked = context) });
  await register(runtime, leaky);
  await runtime.tell(Note("x"), leaky.id("x"));
  await runtime.idle();
  expect(thrownCode(() => leaked?.tell(Note("late"), leaky.id("y")))).toBe("state.attempt_over");
  expect(thrownCode(() => leaked?.publish(Note("late"), topicId("t", "y")))).toBe("state.attempt_over");
});

const oneInstance = async (): Promise<void> => {
  const runtime = open();
  let made = 0;
  const counter = defineAgent({
    type: "counter",
    state: () => {
      made += 1;
      return { count: 0 };
    },
    handlers: (on) => [
      on.request(Anything, async (_, context) => {
        await context.step("look", async () => {});
        context.state.count += 1;
        return context.state.count;
      }),
    ],
  });
  const madeByDefinition = made;
  await register(runtime, counter);
  const counts = await Promise.all(Array.from({ length: 20 }, () => runtime.send(Anything(null), counter.id("one"))));
  expect(counts).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  expect(made - madeByDefinition).toBe(1);
};
verifies("core-31", "concurrent first messages make one instance", oneInstance);
verifies("core-R11", "they share its state", oneInstance);

verifies("core-32", "nothing but a definition can be registered, and a type only once", async () => {
  const runtime = open();
  const fake = { type: "fake", id: (key: string) => agentId("fake", key) };
  expect(await codeOf(runtime.register(fake))).toBe("config.invalid_definition");
  await runtime.register(agent("a"));
  expect(await codeOf(runtime.register(agent("a")))).toBe("config.duplicate_agent");
});

verifies("core-33", "every key exists by being addressed", async () => {
  const runtime = open();
  const named = agent("named", { onAsk: (_, context) => context.id.key });
  await register(runtime, named);
  for (const key of ["", "a", "x/y", "__proto__", "constructor"])
    expect(await runtime.send(Ask("?"), named.id(key))).toBe(key);
});

verifies("core-34", "the handler's value, and its own error, reach the caller", async () => {
  class ShopClosed extends Error {}
  const error = new ShopClosed("closed on Sundays");
  const runtime = open();
  const shop = agent("shop", {
    onAsk: (text) => {
      if (text === "sunday") throw error;
      return text.toUpperCase();
    },
  });
  await register(runtime, shop);
  expect(await runtime.send(Ask("monday"), shop.id("x"))).toBe("MONDAY");
  await expect(runtime.send(Ask("sunday"), shop.id("x"))).rejects.toBe(error);
});

const unknownRecipient = async (): Promise<void> => {
  const runtime = open();
  expect(await codeOf(runtime.send(Ask("?"), agentId("nobody", "x")))).toBe("delivery.no_such_agent");
  expect(await codeOf(runtime.removeSubscription("nothing"))).toBe("config.unknown_subscription");
};
verifies("core-35", "an unknown recipient is a typed error", unknownRecipient);
verifies("core-R23", "unknown recipients and subscriptions have codes", unknownRecipient);

verifies("core-36", "a publish skips its exact sender only", async () => {
  const runtime = open();
  const heard: string[] = [];
  const talker = agent("talker", {
    topics: ["talk"],
    onNote: (text, context) => {
      heard.push(`${context.id.key} ${text}`);
      if (text === "go") for (const source of ["me", "you"]) context.publish(Note("said"), topicId("talk", source));
    },
  });
  await register(runtime, talker);
  await runtime.tell(Note("go"), talker.id("me"));
  await runtime.idle();
  expect(heard).toEqual(["me go", "you said"]);
});

verifies("core-37", "close is safe twice, and a new runtime starts afresh", async () => {
  const first = open();
  await register(first, agent("a"));
  await Promise.all([first.close(), first.close()]);
  await first.close();
  expect(await codeOf(first.send(Ask("?"), agentId("a", "x")))).toBe("delivery.runtime_closed");
  const second = open();
  await register(second, agent("a"));
  expect(await second.send(Ask("?"), agentId("a", "x"))).toBe("?");
});

verifies("core-38", "a message handled at once after registration, with nothing to start", async () => {
  const runtime = open();
  const heard: string[] = [];
  await runtime.tell(Note("early"), agentId("a", "x"));
  await register(runtime, agent("a", { onNote: (text) => void heard.push(text) }));
  await runtime.tell(Note("now"), agentId("a", "x"));
  for (const letter of runtime.deadLetters.list()) await runtime.deadLetters.resend(letter.id);
  await runtime.idle();
  expect(heard).toEqual(["now", "early"]);
});

verifies("core-39", "idle waits for cascades: 1,705 calls for each of 5 agents", async () => {
  const runtime = open();
  const calls = new Map<string, number>();
  // 5 messages from outside; each is passed on by whoever hears it until it has gone 5 rounds.
  const relay = (type: string) =>
    agent(type, {
      topics: ["all"],
      onNote: (text, context) => {
        calls.set(type, (calls.get(type) ?? 0) + 1);
        const round = Number(text);
        if (round < 5) context.publish(Note(String(round + 1)), topicId("all", context.id.key));
      },
    });
  await register(runtime, ...["a", "b", "c", "d", "e"].map(relay));
  for (let message = 0; message < 5; message++) await runtime.publish(Note("1"), topicId("all", "x"));
  await runtime.idle();
  // Round 1: 5 calls. Each later round: every agent hears what the four others passed on: 5, 20, 80, 320, 1280.
  expect([...calls.values()]).toEqual([1705, 1705, 1705, 1705, 1705]);
});

verifies("core-40", "messages for one agent are handled in the order sent", async () => {
  const runtime = open();
  const heard: string[] = [];
  const slow = agent("slow", {
    onNote: async (text) => {
      for (let turn = 0; turn < Number(text) % 3; turn++) await Promise.resolve();
      heard.push(text);
    },
  });
  await register(runtime, slow);
  const texts = Array.from({ length: 300 }, (_, index) => String(index));
  await Promise.all(texts.map((text) => runtime.tell(Note(text), slow.id("x"))));
  await runtime.idle();
  expect(heard).toEqual(texts);
});

const serial = async (): Promise<void> => {
  const runtime = open();
  const gate = createGate();
  const order: string[] = [];
  const one = agent("one", {
    onNote: async (text) => {
      order.push(`${text} in`);
      if (text === "first") await gate.pass();
      order.push(`${text} out`);
    },
  });
  await register(runtime, one);
  await runtime.tell(Note("first"), one.id("x"));
  await runtime.tell(Note("second"), one.id("x"));
  await gate.reached;
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  gate.open();
  await runtime.idle();
  expect(order).toEqual(["first in", "first out", "second in", "second out"]);
};
verifies("core-49", "two handlers of one agent never interleave", serial);
verifies("core-R12", "one agent handles one message at a time", serial);
