import { defineAgent, MemoryStore, type Store } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { actor, run } from "../../../test/support/actor.ts";
import { ChaosStore } from "../../../test/support/chaos-store.ts";
import { anything, Ask, codeFrom, createBench, Next, settleRounds, turnUntil } from "../../../test/support/fixtures.ts";
import type { LogRecord } from "../../store/index.ts";
import { Cell } from "./cell.ts";
import { EventReader } from "../run/event-reader.ts";
import { RunLog } from "../run/run-log.ts";

function record(mark: number): LogRecord {
  return { kind: "control", at: 1, runId: "run", action: "pause", detail: mark };
}

/** A cell on a store that answers now and then at once. */
async function openCell(store: Store): Promise<Cell> {
  const cell = new Cell({ name: "c", owner: "o", store, keepsLog: true });
  await cell.open();
  return cell;
}

describe("Cell", () => {
  test("K1: writes keep their order on a store that answers late, at once, or both; their callers hear in that order", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const memory = new MemoryStore();
      let draw = seed;
      const append: Store["append"] = (...call) => {
        draw = (draw * 7 + 3) % 11;
        return draw % 2 === 0 ? memory.append(...call) : settleRounds(draw % 3).then(() => memory.append(...call));
      };
      const store: Store = Object.assign(Object.create(memory) as Store, {
        append,
        claim: memory.claim.bind(memory),
        read: memory.read.bind(memory),
      });
      const cell = await openCell(store);
      const heard: number[] = [];
      const writes: Promise<void>[] = [];
      for (let n = 0; n < 30; n++) {
        writes.push(Promise.resolve(cell.append([record(n)])).then(() => void heard.push(n)));
        if (n % 4 === 0) await settleRounds(n % 3);
      }
      await Promise.all(writes);
      const all = Array.from({ length: 30 }, (_, n) => n);
      expect(memory.read("c").map((entry) => (entry.kind === "control" ? entry.detail : undefined))).toEqual(all);
      expect(heard).toEqual(all);
    }
  });

  test("K2, K4: after a failed write nothing is written, and what waited for it fails with it", async () => {
    const store = new ChaosStore({ seed: "cell", fails: (append) => append === 2 });
    const cell = await openCell(store);
    const ends = [1, 2, 3].map((n) => codeFrom(Promise.resolve(cell.append([record(n)]))));
    expect(await Promise.all(ends)).toEqual([undefined, "store.unavailable", "store.unavailable"]);
    expect(await codeFrom((async () => cell.append([record(4)]))())).toBe("store.unavailable");
    expect(await store.read("c")).toHaveLength(1);
  });

  test("K3: a cell without a log whose state is again the initial one leaves nothing in the store", async () => {
    const store = new MemoryStore();
    const { runtime } = createBench({ store, maxIdleAgents: 0 });
    const agent = defineAgent({
      type: "sum",
      state: () => ({ n: 0 }),
      handlers: (on) => [on.request(Ask, (n, context) => (context.state.n += Number(n)))],
    });
    await runtime.register(agent);
    await runtime.send(Ask(1), agent.id("x"));
    await runtime.idle();
    expect(store.cells().map((row) => row.cell)).toEqual(["sum/x"]);
    await runtime.send(Ask(-1), agent.id("x"));
    await runtime.idle();
    expect(store.cells().map((row) => row.cell)).toEqual([]);
    await runtime.close();
  });
});

describe("control", () => {
  test("E3: pausing, resuming and cancelling at once on a slow store leaves no run on hold", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const { runtime, clock } = createBench({ store: new ChaosStore({ seed: `control ${seed}` }) });
      const agent = actor((payload, context) => context.step("s", () => payload));
      await runtime.register(agent);
      const actions = (["pause", "pause", "resume", "pause", "resume", "resume"] as const).map((kind) =>
        runtime.control("session", "run", { kind }),
      );
      await turnUntil(clock, Promise.all(actions));
      await runtime.control("session", "run", { kind: "resume" });
      expect(await turnUntil(clock, runtime.send(Ask(1), agent.id("x"), { run }))).toBe(1);
      await Promise.all([1, 2].map(() => runtime.control("session", "run", { kind: "cancel", detail: "enough" })));
      expect(await codeFrom(runtime.send(Ask(1), agent.id("x"), { run }))).toBe("state.step_cancelled");
      await runtime.close();
    }
  });

  test("E3: cancel and pause while a turn commits, waits or runs a step end it or let it end, typed", async () => {
    for (let rounds = 0; rounds < 15; rounds++) {
      const { runtime, clock } = createBench({ store: new ChaosStore({ seed: `commit ${rounds}` }) });
      const agent = actor(async (payload, context) => {
        await context.step("s", () => settleRounds(2).then(() => 1));
        await context.sleep(1);
        return payload;
      });
      await runtime.register(agent);
      const sent = codeFrom(runtime.send(Ask("done"), agent.id("x"), { run, deadlineMs: 900_000 }));
      for (let round = 0; round < rounds; round++) {
        await settleRounds(1);
        if (round === 7) clock.advance(2);
      }
      await turnUntil(clock, runtime.control("session", "run", { kind: "pause" }));
      await turnUntil(clock, runtime.control("session", "run", { kind: "cancel" }));
      expect(["done", "state.step_cancelled"]).toContain(await turnUntil(clock, sent));
      await turnUntil(clock, runtime.rest("session", "run"));
      expect(runtime.stats()).toMatchObject({ runningTurns: 0, parkedTurns: 0, openWaits: 0, pendingRequests: 0 });
      await runtime.close();
    }
  });
});

describe("fork", () => {
  test("K1: a log with an open question, a timer and a request in flight goes on in the copy; the original is left alone", async () => {
    for (const options of [{}, { parkAfterMs: 0 }, { store: new ChaosStore({ seed: "fork" }) }]) {
      const { runtime, clock } = createBench(options);
      const answered: unknown[] = [];
      const agent = defineAgent({
        type: "forked",
        state: () => ({ done: 0 }),
        cell: (key) => `cell/${key.split("/")[0] ?? ""}`,
        handlers: (on) => [
          on.request(Ask, async (_, context) => {
            context.emit("asked", 1);
            const session = context.id.key.split("/")[0] ?? "";
            const reply = context.send(Next(1), agent.id(`${session}/helper`));
            const [answer, asked] = await Promise.all([
              context.waitFor("question", anything),
              reply,
              context.sleep(50),
            ]);
            context.state.done += 1;
            answered.push([session, answer, asked]);
          }),
          on.request(Next, async (payload, context) => {
            context.emit("helped", 1);
            await context.sleep(20);
            return payload;
          }),
        ],
      });
      await runtime.register(agent);
      const pending = runtime.send(Ask(1), agent.id("one/boss"), { run, deadlineMs: 1_000_000 });
      await settleRounds(20);
      const events = [];
      for await (const event of runtime.events("cell/one", { runId: "run", signal: AbortSignal.abort() }))
        events.push(event);
      expect(events).toHaveLength(2);
      const target = { cell: "cell/two", runId: "run2", key: (key: string) => key.replace(/^one/u, "two") };
      await runtime.fork("cell/one", { runId: "run", sequence: 2 }, target);
      await settleRounds(60);
      clock.advance(100);
      await settleRounds(60);
      clock.advance(100);
      await settleRounds(60);
      const waits = runtime.waits();
      expect(waits.map(({ agent: { key } }) => key).toSorted((one, other) => one.localeCompare(other))).toEqual([
        "one/boss",
        "two/boss",
      ]);
      for (const wait of waits) await runtime.respond(wait.id, wait.agent.key);
      await turnUntil(clock, pending);
      await turnUntil(clock, runtime.idle());
      await settleRounds(60);
      expect(answered).toContainEqual(["one", "one/boss", 1]);
      expect(answered).toContainEqual(["two", "two/boss", 1]);
      expect((await runtime.snapshot(agent.id("two/boss")))?.state).toEqual({ done: 1 });
      expect(runtime.stats()).toMatchObject({ openWaits: 0, runningTurns: 0, parkedTurns: 0 });
      await runtime.close();
    }
  });
});

describe("RunLog and EventReader", () => {
  test("E2, V2: a slow reader misses live events, the oldest first, and no durable one", async () => {
    const log = new RunLog("run");
    const reader = new EventReader(log, { from: 1, isLive: true, signal: undefined });
    for (let n = 0; n < 20_000; n++) {
      log.showLive({ path: [], kind: "delta", payload: n });
      if (n % 5_000 === 4_999) log.show(log.number({ path: [], kind: "said", payload: n, at: 1 }));
    }
    const seen: unknown[] = [];
    while (seen.length < 4_096 + 4) seen.push((await reader.next()).value);
    reader.end();
    expect(seen.filter((event) => typeof event === "object" && event !== null && "sequence" in event)).toHaveLength(4);
    expect(seen.at(-2)).toMatchObject({ kind: "delta", payload: 19_999 });
    expect(seen.at(-1)).toMatchObject({ kind: "said", payload: 19_999 });
    expect(log.watcherCount).toBe(0);
  });

  test("E1: numbers that a refused record had are given out again", () => {
    const log = new RunLog("run");
    const event = { path: [], kind: "said", payload: 1, at: 1 };
    log.number(event);
    log.takeBack(1);
    expect(log.number(event).sequence).toBe(1);
  });
});
