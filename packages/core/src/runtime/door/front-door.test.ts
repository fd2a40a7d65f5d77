import { getEventListeners } from "node:events";
import { defineAgent, dropMessage, MemoryStore, typeSubscription } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { ChaosStore } from "../../../test/support/chaos-store.ts";
import { Ask, codeFrom, createBench, Note, settleRounds, turnUntil } from "../../../test/support/fixtures.ts";

function echo(handled: unknown[] = []) {
  return defineAgent({
    type: "echo",
    state: () => ({}),
    handlers: (on) => [
      on.request(Ask, (text) => {
        handled.push(text);
        return text;
      }),
      on.event(Note, (text) => {
        handled.push(text);
      }),
    ],
    subscriptions: [typeSubscription("notes")],
  });
}

/** Never answers. */
function stuck() {
  return defineAgent({
    type: "echo",
    state: () => ({}),
    handlers: (on) => [on.request(Ask, () => new Promise(() => {})), on.event(Note, () => {})],
    subscriptions: [typeSubscription("notes")],
  });
}

const forever = (): Promise<never> => new Promise(() => {});

describe("FrontDoor", () => {
  test("V1: ten thousand aborted sends leave no listener, no request and no timer behind", async () => {
    const { runtime } = createBench();
    const agent = stuck();
    await runtime.register(agent);
    const controller = new AbortController();
    const { signal } = controller;
    const sends = Array.from({ length: 10_000 }, (_, n) => runtime.send(Ask(n), agent.id(`k${n % 100}`), { signal }));
    const settled = Promise.allSettled(sends);
    controller.abort(new Error("enough"));
    expect((await settled).every((end) => end.status === "rejected" && end.reason === signal.reason)).toBe(true);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(runtime.stats().pendingRequests).toBe(0);
    await runtime.close({ graceMs: 0 });
    expect(runtime.stats().timers).toBe(0);
  });

  test("V1: ten thousand answered sends leave no listener on the signal they share", async () => {
    const { runtime } = createBench();
    const agent = echo();
    await runtime.register(agent);
    const { signal } = new AbortController();
    for (let n = 0; n < 10_000; n++) await runtime.send(Ask(n), agent.id("x"), { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(runtime.stats()).toMatchObject({ pendingRequests: 0, timers: 0, queuedMessages: 0 });
    await runtime.close();
  });

  test.each([
    ["deadline", "delivery.deadline_exceeded"],
    ["close", "delivery.runtime_closed"],
    ["abort", "enough"],
  ])("V1: a request whose intervention never answers ends by its %s", async (how, code) => {
    const { runtime, clock } = createBench({ interventions: [{ onSend: forever }] });
    const agent = echo();
    await runtime.register(agent);
    const controller = new AbortController();
    const { signal } = controller;
    const sent = codeFrom(runtime.send(Ask(1), agent.id("x"), { deadlineMs: 500, signal }));
    await settleRounds();
    if (how === "close") void turnUntil(clock, runtime.close({ graceMs: 10 }));
    if (how === "abort") controller.abort("enough");
    expect(await turnUntil(clock, sent)).toBe(code);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(runtime.stats().pendingRequests).toBe(0);
    await turnUntil(clock, runtime.close({ graceMs: 0 }));
  });

  test("V2: an event whose intervention never answers ends by abort or close, and is not handled", async () => {
    const handled: unknown[] = [];
    const { runtime, clock } = createBench({ interventions: [{ onPublish: forever, onSend: forever }] });
    const agent = echo(handled);
    await runtime.register(agent);
    const controller = new AbortController();
    const told = codeFrom(runtime.tell(Note(1), agent.id("x"), { signal: controller.signal }));
    const published = codeFrom(runtime.publish(Note(2), { type: "notes", source: "s" }));
    await settleRounds();
    controller.abort("enough");
    expect(await told).toBe("enough");
    await turnUntil(clock, runtime.close({ graceMs: 10 }));
    expect(await published).toBe("delivery.runtime_closed");
    expect(handled).toEqual([]);
  });

  test.each(["throws", "drops", "rejects", "later drops"])(
    "V1: an intervention that %s ends the request typed",
    async (how) => {
      const failing = {
        onSend: (): never | typeof dropMessage | Promise<never> | Promise<typeof dropMessage> => {
          if (how === "throws") throw new Error("no");
          if (how === "rejects") return Promise.reject(new Error("no"));
          return how === "drops" ? dropMessage : settleRounds(2).then(() => dropMessage);
        },
      };
      const { runtime } = createBench({ interventions: [failing] });
      const agent = echo();
      await runtime.register(agent);
      const ended = await runtime.send(Ask(1), agent.id("x")).catch((error: unknown) => error);
      expect(ended).toBeInstanceOf(Error);
      expect(runtime.stats()).toMatchObject({ pendingRequests: 0, timers: 0 });
      await runtime.close();
    },
  );

  test("V1: idle() waits for messages whose interventions or cell are not ready yet", async () => {
    const handled: unknown[] = [];
    const { runtime } = createBench({
      interventions: [{ onSend: (message) => settleRounds(5).then(() => message) }],
      store: new ChaosStore({ seed: "idle" }),
    });
    const agent = echo(handled);
    await runtime.register(agent);
    void runtime.tell(Note(1), agent.id("x"));
    await runtime.idle();
    expect(handled).toEqual([1]);
    await runtime.close();
  });

  test("V1: a request that is being admitted when the runtime closes ends, and is not handled", async () => {
    const handled: unknown[] = [];
    const { runtime, clock } = createBench({
      interventions: [{ onSend: (message) => settleRounds(5).then(() => message) }],
      store: new ChaosStore({ seed: "closing" }),
    });
    const agent = echo(handled);
    await runtime.register(agent);
    const sent = codeFrom(runtime.send(Ask(1), agent.id("x")));
    const told = codeFrom(runtime.tell(Note(2), agent.id("x")));
    await turnUntil(clock, runtime.close({ graceMs: 50 }));
    expect([await sent, await told]).toEqual(["delivery.runtime_closed", "delivery.runtime_closed"]);
    await settleRounds(20);
    expect(handled).toEqual([]);
    expect(runtime.stats()).toMatchObject({ activeAgents: 0, residentCells: 0, timers: 0 });
  });

  test.each([0, Number.POSITIVE_INFINITY])("V1: a deadline of %d is taken at its word", async (deadlineMs) => {
    const { runtime, clock } = createBench();
    const agent = stuck();
    await runtime.register(agent);
    const sent = codeFrom(runtime.send(Ask(1), agent.id("x"), { deadlineMs }));
    await settleRounds();
    clock.advance(10);
    await settleRounds();
    expect(runtime.stats().pendingRequests).toBe(deadlineMs === 0 ? 0 : 1);
    const closing = runtime.close({ graceMs: 0 });
    expect(await sent).toBe(deadlineMs === 0 ? "delivery.deadline_exceeded" : "delivery.runtime_closed");
    await turnUntil(clock, closing);
  });

  test.each([Number.NaN, -1])("V1: a deadline of %d is refused", async (deadlineMs) => {
    const { runtime } = createBench();
    const agent = stuck();
    await runtime.register(agent);
    expect(await codeFrom(runtime.send(Ask(1), agent.id("x"), { deadlineMs }))).toBe("config.invalid_option");
    expect(runtime.stats()).toMatchObject({ pendingRequests: 0, timers: 0 });
    await runtime.close({ graceMs: 0 });
  });

  test("V2: messages to a cell that is still opening are handled in the order sent, and before those sent later", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const handled: unknown[] = [];
      const { runtime } = createBench({ store: new ChaosStore({ seed: `order ${seed}` }) });
      const agent = echo(handled);
      await runtime.register(agent);
      const sends: Promise<unknown>[] = [];
      for (let n = 0; n < 40; n++) {
        sends.push(n % 2 === 0 ? runtime.send(Ask(n), agent.id("x")) : runtime.tell(Note(n), agent.id("x")));
        for (let tick = 0; tick < n % 7; tick++) await Promise.resolve();
        if (n % 13 === 0) await settleRounds(1);
      }
      await Promise.all(sends);
      await runtime.idle();
      expect(handled).toEqual(Array.from({ length: 40 }, (_, n) => n));
      await runtime.close();
    }
  });

  test("V2: interventions that answer late, in any order, keep the order of messages (C10)", async () => {
    const handled: unknown[] = [];
    const { runtime } = createBench({
      interventions: [{ onSend: (message) => settleRounds(Number(message.payload) % 3).then(() => message) }],
    });
    const agent = echo(handled);
    await runtime.register(agent);
    const sends = Array.from({ length: 50 }, (_, n) => runtime.tell(Note(n), agent.id("x")));
    await Promise.all(sends);
    await runtime.idle();
    expect(handled).toEqual(Array.from({ length: 50 }, (_, n) => n));
    await runtime.close();
  });
});

describe("MailboxGate", () => {
  test("M1: ten thousand senders before a full mailbox enter in their order; M2: those that give up leave their place", async () => {
    const handled: unknown[] = [];
    const { runtime } = createBench({ mailboxCapacity: 3 });
    const agent = echo(handled);
    await runtime.register(agent);
    const controller = new AbortController();
    const sends = Array.from({ length: 10_000 }, (_, n) =>
      runtime.tell(Note(n), agent.id("x"), n % 2 === 0 ? {} : { signal: controller.signal }),
    );
    const settled = Promise.allSettled(sends);
    controller.abort("enough");
    const ends = await settled;
    await runtime.idle();
    const accepted = ends.flatMap((end, n) => (end.status === "fulfilled" ? [n] : []));
    expect(handled).toEqual(accepted);
    expect(accepted.length).toBeGreaterThanOrEqual(5_000);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    await runtime.close();
  });

  test.each([1, 100])(
    "M3: senders before a mailbox of %d enter when what was being stored has arrived (C13)",
    async (size) => {
      const { runtime } = createBench({ store: new MemoryStore({ isDurable: true }), mailboxCapacity: size });
      const handled: unknown[] = [];
      const agent = echo(handled);
      await runtime.register(agent);
      const all = Array.from({ length: 3 * size }, (_, n) => n);
      await Promise.all(all.map((n) => runtime.tell(Note(n), agent.id("a"))));
      await runtime.idle();
      expect(handled).toEqual(all);
      await runtime.close();
    },
  );

  test("M3: senders before the mailbox of an agent that leaves memory as soon as it can enter all the same", async () => {
    const { runtime } = createBench({
      store: new MemoryStore({ isDurable: true }),
      mailboxCapacity: 1,
      maxIdleAgents: 0,
    });
    const handled: unknown[] = [];
    const agent = echo(handled);
    await runtime.register(agent);
    await Promise.all([0, 1, 2, 3].map((n) => runtime.tell(Note(n), agent.id("a"))));
    await runtime.idle();
    expect(handled).toEqual([0, 1, 2, 3]);
    await runtime.close();
  });
});

describe("MessageMemory", () => {
  test("R1: the same id sent at once by many is handled once, and all get its outcome", async () => {
    const handled: unknown[] = [];
    const { runtime } = createBench({ store: new ChaosStore({ seed: "same id" }) });
    const agent = echo(handled);
    await runtime.register(agent);
    const sends = Array.from({ length: 50 }, (_, n) => runtime.send(Ask(n), agent.id("x"), { messageId: "one" }));
    expect(new Set(await Promise.all(sends))).toEqual(new Set([0]));
    expect(handled).toEqual([0]);
    await runtime.close();
  });

  test("R2: an id is forgotten after its time, and the memory ends with the runtime", async () => {
    const { runtime, clock } = createBench({ deduplicationMs: 1_000 });
    const agent = echo();
    await runtime.register(agent);
    await runtime.send(Ask(1), agent.id("x"), { messageId: "one" });
    expect(runtime.stats().rememberedMessages).toBe(1);
    clock.advance(2_000);
    expect(runtime.stats().rememberedMessages).toBe(0);
    await runtime.send(Ask(1), agent.id("x"), { messageId: "one" });
    await runtime.close();
    expect(runtime.stats()).toMatchObject({ rememberedMessages: 0, timers: 0 });
  });

  test("R3: each caller's signal ends that caller alone; the last one's stops the work and frees the id", async () => {
    const { runtime, clock } = createBench();
    const agent = stuck();
    await runtime.register(agent);
    const controllers = [new AbortController(), new AbortController()];
    const ends = controllers.map(({ signal }) =>
      codeFrom(runtime.send(Ask(1), agent.id("x"), { messageId: "one", signal })),
    );
    await settleRounds();
    controllers[0]?.abort("first");
    expect(await ends[0]).toBe("first");
    expect(runtime.stats().pendingRequests).toBe(1);
    controllers[1]?.abort("second");
    expect(await ends[1]).toBe("second");
    expect(runtime.stats()).toMatchObject({ pendingRequests: 0, rememberedMessages: 0 });
    for (const { signal } of controllers) expect(getEventListeners(signal, "abort")).toHaveLength(0);
    await turnUntil(clock, runtime.close({ graceMs: 0 }));
  });
});
