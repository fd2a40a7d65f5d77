import { type AgentDefinition, defineAgent, typeSubscription } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { ChaosStore } from "../../../test/support/chaos-store.ts";
import {
  Ask,
  codeFrom,
  codeOf,
  counter,
  createBench,
  Next,
  Note,
  settleRounds,
  turnUntil,
} from "../../../test/support/fixtures.ts";

describe("AgentTable and CellTable", () => {
  test.each([0, 1, 2])(
    "B1, B2: with a cap of %d idle agents, messages at once meet one activation, and no state is lost",
    async (maxIdleAgents) => {
      for (let seed = 0; seed < 10; seed++) {
        const store = seed === 0 ? undefined : new ChaosStore({ seed: `cap ${seed}` });
        const { runtime, reported } = createBench({ maxIdleAgents, store });
        await runtime.register(counter);
        for (let round = 0; round < 5; round++) {
          const sends = Array.from({ length: 20 }, (_, n) => runtime.send(Ask(1), counter.id(`k${n % 4}`)));
          await Promise.all(sends);
          if (round % 2 === 0) await settleRounds(round);
        }
        await runtime.idle();
        for (let n = 0; n < 4; n++) expect((await runtime.snapshot(counter.id(`k${n}`)))?.state).toEqual({ sum: 25 });
        expect(reported).toEqual([]);
        expect(runtime.stats().activeAgents).toBeLessThanOrEqual(maxIdleAgents);
        await runtime.close();
      }
    },
  );

  test("B3: ten thousand agents that were forgotten or never changed leave nothing", async () => {
    const { runtime } = createBench({ maxIdleAgents: 100 });
    await runtime.register(counter);
    for (let n = 0; n < 10_000; n++) await runtime.send(Ask(0), counter.id(`k${n}`));
    await runtime.idle();
    expect(runtime.stats()).toMatchObject({ activeAgents: 100, residentCells: 100, timers: 0, pendingRequests: 0 });
    for (let n = 0; n < 10_000; n++) await runtime.forgetCell(`counter/k${n}`);
    expect(runtime.stats()).toMatchObject({ activeAgents: 0, residentCells: 0 });
    await runtime.close();
  });

  test("O1, O2, O3: forgetting, asking and reading one cell at once on a slow store never meets two owners", async () => {
    for (let seed = 0; seed < 30; seed++) {
      const { runtime, reported, clock } = createBench({ store: new ChaosStore({ seed: `forget ${seed}` }) });
      const logged = defineAgent({
        type: "logged",
        state: () => ({ sum: 0 }),
        cell: () => "cell",
        handlers: (on) => [on.request(Ask, (n, context) => (context.state.sum += Number(n)))],
      });
      await runtime.register(logged);
      const ends: Promise<unknown>[] = [];
      for (let n = 0; n < 12; n++) {
        ends.push(codeFrom(runtime.send(Ask(1), logged.id("x"))));
        if (n % 4 === 3) ends.push(runtime.forgetCell("cell"));
        if (n % 3 === 0)
          ends.push(runtime.rest("cell", "run"), runtime.control("cell", "run", { kind: "pause" }).catch(codeOf));
        for (let tick = 0; tick < seed; tick++) await Promise.resolve();
      }
      for (const end of await turnUntil(clock, Promise.all(ends)))
        expect(end === undefined || typeof end === "number" || end === "delivery.cancelled").toBe(true);
      await turnUntil(clock, runtime.forgetCell("cell"));
      expect(await runtime.send(Ask(1), logged.id("x"))).toBe(1);
      expect(reported).toEqual([]);
      await runtime.close();
    }
  });
});

describe("Activation", () => {
  test("N1: a mailbox of ten thousand is handled in order, one at a time", async () => {
    const { runtime } = createBench({ mailboxCapacity: 10_000 });
    const seen: unknown[] = [];
    let running = 0;
    const agent = defineAgent({
      type: "slow",
      state: () => ({}),
      handlers: (on) => [
        on.event(Note, async (n) => {
          expect(++running).toBe(1);
          await Promise.resolve();
          running -= 1;
          seen.push(n);
        }),
      ],
    });
    await runtime.register(agent);
    await Promise.all(Array.from({ length: 10_000 }, (_, n) => runtime.tell(Note(n), agent.id("x"))));
    await runtime.idle();
    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
    expect(runtime.stats().queuedMessages).toBe(0);
    await runtime.close();
  });

  test("N1: ten thousand messages of a paused run wait without costing each other time", async () => {
    const { runtime } = createBench({ mailboxCapacity: 20_000 });
    const seen: unknown[] = [];
    const agent = defineAgent({
      type: "paused",
      state: () => ({}),
      cell: () => "cell",
      handlers: (on) => [on.event(Note, (n) => void seen.push(n))],
    });
    await runtime.register(agent);
    await runtime.control("cell", "run", { kind: "pause" });
    const started = performance.now();
    for (let n = 0; n < 10_000; n++) await runtime.tell(Note(n), agent.id("x"), { run: { runId: "run", path: [] } });
    expect(seen).toEqual([]);
    await runtime.control("cell", "run", { kind: "resume" });
    await runtime.idle();
    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
    expect(performance.now() - started).toBeLessThan(5_000);
    await runtime.close();
  });

  test("N2: an agent may ask the runtime for itself; N3: the exclusive slot is found to be taken by the deadline only", async () => {
    const { runtime, clock } = createBench();
    const agent: AgentDefinition<"Ask" | "Next"> = defineAgent({
      type: "self",
      state: () => ({ n: 0 }),
      handlers: (on) => [
        on.request(Ask, (_, context) => {
          context.state.n += 1;
          return codeFrom(runtime.send(Next(1), agent.id("x"), { deadlineMs: 50 }));
        }),
        on.request(Next, () => "next"),
      ],
    });
    await runtime.register(agent);
    expect(await turnUntil(clock, runtime.send(Ask(1), agent.id("x")), 20)).toBe("delivery.deadline_exceeded");
    await runtime.close();
  });

  test("N3: registering and closing inside a handler work", async () => {
    const { runtime, clock } = createBench();
    const agent = defineAgent({
      type: "doer",
      state: () => ({}),
      handlers: (on) => [
        on.request(Ask, async (how) => {
          if (how === "close") await runtime.close({ graceMs: 20 });
          else await runtime.register(counter);
          return runtime.send(Ask(3), counter.id("c"));
        }),
      ],
    });
    await runtime.register(agent);
    expect(await runtime.send(Ask("register"), agent.id("x"))).toBe(3);
    expect(await turnUntil(clock, codeFrom(runtime.send(Ask("close"), agent.id("x"))), 10)).toBe(
      "delivery.runtime_closed",
    );
    await turnUntil(clock, runtime.close());
    expect(runtime.stats()).toMatchObject({ activeAgents: 0, timers: 0 });
  });
});

describe("PostOffice", () => {
  test("O2: an event for ten thousand subscribers reaches each once; overlapping subscriptions do not double it", async () => {
    const { runtime } = createBench();
    const seen = new Map<string, number>();
    const definitions = Array.from({ length: 1_000 }, (_, n) =>
      defineAgent({
        type: `sub${n}`,
        state: () => ({}),
        handlers: (on) => [on.event(Note, (_, { id }) => void seen.set(id.type, (seen.get(id.type) ?? 0) + 1))],
        subscriptions: [typeSubscription("notes"), typeSubscription("notes")].slice(0, 1 + (n % 1)),
      }),
    );
    for (const definition of definitions) await runtime.register(definition);
    const teller = defineAgent({
      type: "teller",
      state: () => ({}),
      handlers: (on) => [on.request(Ask, (_, context) => context.publish(Note(1), { type: "notes", source: "s" }))],
    });
    await runtime.register(teller);
    await runtime.publish(Note(1), { type: "notes", source: "s" });
    await runtime.send(Ask(1), teller.id("x"));
    await runtime.idle();
    expect([...seen.values()]).toEqual(Array(1_000).fill(2));
    await runtime.close();
  });

  test("O3: mail whose cell cannot be opened ends its request typed, and other mail in the dead letters", async () => {
    const broken = new ChaosStore({ seed: "broken", isSlow: false });
    const { runtime } = createBench({ store: broken });
    const agent = defineAgent({
      type: "asker",
      state: () => ({}),
      handlers: (on) => [
        on.request(Ask, async (_, context) => {
          context.tell(Note(1), lost.id("y"));
          return codeFrom(context.send(Next(1), lost.id("x")));
        }),
      ],
    });
    const lost = defineAgent({
      type: "lost",
      state: () => ({}),
      cell: () => {
        throw Object.assign(new Error("no cell for you"), { code: "no_cell" });
      },
      handlers: (on) => [on.request(Next, () => 1), on.event(Note, () => {})],
    });
    await runtime.register(agent);
    await runtime.register(lost);
    expect(await runtime.send(Ask(1), agent.id("x"))).toBe("no_cell");
    expect(await codeFrom(runtime.send(Next(1), lost.id("x")))).toBe("no_cell");
    await runtime.idle();
    expect(runtime.deadLetters.list().map(({ reason }) => reason)).toEqual(["undeliverable"]);
    expect(runtime.stats().pendingRequests).toBe(0);
    await runtime.close();
  });

  test("O4: a turn's own messages go through up to eight times the bound, then end typed or in the dead letters (C13)", async () => {
    const { runtime, clock } = createBench({ mailboxCapacity: 10 });
    const busy = defineAgent({
      type: "busy",
      state: () => ({}),
      handlers: (on) => [on.event(Note, (_, context) => context.sleep(10)), on.request(Next, () => "next")],
    });
    const flood = defineAgent({
      type: "flood",
      state: () => ({}),
      handlers: (on) => [
        on.request(Ask, async (_, context) => {
          for (let n = 0; n < 100; n++) context.tell(Note(n), busy.id("x"));
          return codeFrom(context.send(Next(1), busy.id("x")));
        }),
      ],
    });
    await runtime.register(busy);
    await runtime.register(flood);
    expect(await turnUntil(clock, runtime.send(Ask(1), flood.id("f")), 5)).toBe("delivery.mailbox_full");
    const letters = runtime.deadLetters.list();
    expect(letters.every(({ reason }) => reason === "mailbox-full")).toBe(true);
    expect(letters).toHaveLength(20);
    await turnUntil(clock, runtime.idle(), 10);
    await runtime.close({ graceMs: 0 });
  });
});
