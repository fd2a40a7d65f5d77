import { agentId, defineAgent, InProcessRuntime, topicId } from "@troupe/core";
import { ManualClock } from "@troupe/core/testing";
import { expect } from "vitest";
import { verifies } from "../core.ts";
import { agent, Ask, codeOf, createGate, Note, open, register } from "./fixtures.ts";

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
