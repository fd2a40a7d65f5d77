import { defineAgent } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { actor, run } from "../../../test/support/actor.ts";
import { ChaosStore } from "../../../test/support/chaos-store.ts";
import {
  anything,
  Ask,
  codeFrom,
  codeOf,
  createBench,
  Next,
  Note,
  settleRounds,
  turnUntil,
} from "../../../test/support/fixtures.ts";

/** The same programs on the memory store, on slow stores, and with a frame dropped at every wait. */
const settings = [
  { name: "memory", options: () => ({}) },
  { name: "parking", options: () => ({ parkAfterMs: 0 }) },
  ...[1, 2, 3, 4].map((seed) => ({
    name: `slow ${seed}`,
    options: () => ({ store: new ChaosStore({ seed: `turn ${seed}` }) }),
  })),
  ...[1, 2, 3, 4, 5, 6].map((seed) => ({
    name: `slow and parking ${seed}`,
    options: () => ({ parkAfterMs: 0, store: new ChaosStore({ seed: `park ${seed}` }) }),
  })),
];

describe.each(settings)("a turn ($name)", ({ options }) => {
  test("F3: branches that write while others wait lose nothing when the turn parks", async () => {
    const { runtime, clock } = createBench(options());
    const ran: string[] = [];
    const helper = actor((payload) => payload, { type: "helper" });
    const agent = actor(async (_, context) => {
      const slow = Promise.all(
        [1, 2, 3].map((n) =>
          context.branch(`b${n}`, async (branch) => {
            await branch.step("first", () => {
              ran.push(`first ${n}`);
            });
            branch.emit("between", n);
            branch.tell(Note(n), helper.id("h"));
            const reply = await branch.send(Ask(n), helper.id("h"));
            await branch.step("second", () => {
              ran.push(`second ${n}`);
            });
            await branch.sleep(n);
            return reply;
          }),
        ),
      );
      const waited = context.waitFor("never", anything, { deadlineMs: 50 }).catch((error: unknown) => codeOf(error));
      return [await slow, await waited];
    });
    await runtime.register(agent);
    await runtime.register(helper);
    const reply = runtime.send(Ask("go"), agent.id("x"), { run, deadlineMs: 1_000_000 });
    expect(await turnUntil(clock, reply, 10)).toEqual([[1, 2, 3], "wait.deadline_exceeded"]);
    await runtime.idle();
    expect(ran.toSorted((one, other) => one.localeCompare(other))).toEqual([
      "first 1",
      "first 2",
      "first 3",
      "second 1",
      "second 2",
      "second 3",
    ]);
    expect((await runtime.snapshot(helper.id("h")))?.state).toEqual({ notes: 3 });
    const events: unknown[] = [];
    for await (const event of runtime.events("session", { runId: "run", signal: AbortSignal.abort() }))
      if (!event.live) events.push([event.sequence, event.kind]);
    expect(events).toEqual([1, 2, 3].map((sequence) => [sequence, "between"]));
    expect(runtime.stats()).toMatchObject({ runningTurns: 0, parkedTurns: 0, openWaits: 0, pendingRequests: 0 });
    await runtime.close();
  });

  test("U1: an attempt that fails while replies are under way is followed by one that gets each reply once", async () => {
    const { runtime, clock } = createBench(options());
    const asked: unknown[] = [];
    const helper = actor(
      async (payload, context) => {
        await context.step("count", () => void asked.push(payload));
        await context.sleep(10);
        return payload;
      },
      { type: "helper" },
    );
    const other = actor(
      async (payload, context) => {
        await context.step("count", () => void asked.push(payload));
        await context.sleep(30);
        return payload;
      },
      { type: "other" },
    );
    let failures = 0;
    const agent = actor(
      async (_, context) => {
        context.state["attempts"] = context.message.attempt;
        const replies = Promise.all([context.send(Ask("a"), helper.id("1")), context.send(Ask("b"), other.id("2"))]);
        replies.catch(() => {});
        await context.step("before", () => 1);
        await context.sleep(5);
        if (context.message.attempt < 3) {
          failures += 1;
          throw new Error("not yet");
        }
        return replies;
      },
      { maxAttempts: 3 },
    );
    for (const definition of [agent, helper, other]) await runtime.register(definition);
    const reply = runtime.send(Ask("go"), agent.id("x"), { deadlineMs: 1_000_000 });
    expect(await turnUntil(clock, reply, 2)).toEqual(["a", "b"]);
    await runtime.idle();
    expect(failures).toBeGreaterThanOrEqual(2);
    expect(asked.map(String).toSorted((one, other) => one.localeCompare(other))).toEqual(["a", "b"]);
    expect((await runtime.snapshot(agent.id("x")))?.state).toEqual({ attempts: 3 });
    expect(runtime.stats()).toMatchObject({ runningTurns: 0, pendingRequests: 0, openWaits: 0, timers: 0 });
    await runtime.close();
  });

  test("U2: races of a send, a wait, a step and a sleep end with the first, and what loses has no effect", async () => {
    const { runtime, clock, reported } = createBench(options());
    const helper = actor(
      async (payload, context) => {
        await context.sleep(1_000);
        return payload;
      },
      { type: "helper" },
    );
    const agent = actor(async (_, context) => {
      const { state } = context;
      const first = await Promise.race([
        context.send(Ask("late"), helper.id("h")).then(() => {
          state["late"] = true;
          return "send";
        }),
        context.waitFor("question", anything).then(() => "wait"),
        context.sleep(10).then(() => "sleep"),
      ]);
      state["first"] = first;
      return first;
    });
    await runtime.register(agent);
    await runtime.register(helper);
    expect(await turnUntil(clock, runtime.send(Ask("go"), agent.id("x"), { deadlineMs: 1_000_000 }), 5)).toBe("sleep");
    await turnUntil(
      clock,
      settleRounds(20).then(() => clock.advance(2_000)),
    );
    await runtime.idle();
    expect(await turnUntil(clock, runtime.send(Ask("go"), agent.id("x"), { deadlineMs: 1_000_000 }), 5)).toBe("sleep");
    expect((await runtime.snapshot(agent.id("x")))?.state).toEqual({ first: "sleep" });
    await turnUntil(clock, runtime.send(Next("after"), helper.id("h"), { deadlineMs: 900_000 }), 500);
    expect(runtime.stats()).toMatchObject({ openWaits: 0, pendingRequests: 0, timers: 0 });
    expect(reported).toEqual([]);
    await turnUntil(clock, runtime.close());
  });

  test("U3: a cancel that comes while a question is being written ends the wait", async () => {
    const { runtime, clock } = createBench(options());
    const agent = actor((_, context) => context.waitFor("question", anything));
    await runtime.register(agent);
    for (let ticks = 0; ticks < 12; ticks++) {
      const sent = codeFrom(
        runtime.send(Ask("go"), agent.id("x"), { run: { runId: `r${ticks}`, path: [] }, deadlineMs: 900_000 }),
      );
      for (let tick = 0; tick < ticks; tick++) await (tick % 3 === 0 ? settleRounds(1) : Promise.resolve());
      const cancelled = runtime.control("session", `r${ticks}`, { kind: "cancel" });
      await turnUntil(clock, cancelled);
      expect(await turnUntil(clock, sent, 10)).toBe("state.step_cancelled");
    }
    expect(runtime.stats()).toMatchObject({ openWaits: 0, runningTurns: 0, parkedTurns: 0 });
    await runtime.close();
  });

  test("U1: a cell that is forgotten in the middle of its turns ends its requests and keeps nothing", async () => {
    const { runtime, clock, reported } = createBench(options());
    const helper = actor(
      async (payload, context) => {
        await context.sleep(100);
        return payload;
      },
      { type: "helper" },
    );
    const agent = actor(async (payload, context) => {
      context.state["asked"] = payload;
      await context.step("one", () => settleRounds(2).then(() => 1));
      return context.send(Ask(payload), helper.id("h"));
    });
    await runtime.register(agent);
    await runtime.register(helper);
    for (let rounds = 0; rounds < 12; rounds++) {
      const sends = [1, 2, 3].map((n) =>
        codeFrom(runtime.send(Ask(n), agent.id("x"), { run, deadlineMs: Number.POSITIVE_INFINITY })),
      );
      await settleRounds(rounds);
      await runtime.control("session", "run", { kind: "pause" });
      await turnUntil(clock, runtime.forgetCell("session"));
      expect(await turnUntil(clock, Promise.all(sends))).toEqual(Array(3).fill("delivery.cancelled"));
      await runtime.idle();
      expect(await runtime.snapshot(agent.id("x"))).toBeUndefined();
    }
    expect(runtime.stats()).toMatchObject({ runningTurns: 0, queuedMessages: 0, pendingRequests: 0, openWaits: 0 });
    expect(reported).toEqual([]);
    await turnUntil(clock, runtime.close());
    expect(runtime.stats().timers).toBe(0);
  });

  test("F2: what a late intervention lets out keeps its order, and its counts hold at the next attempt", async () => {
    const seen: unknown[] = [];
    const { runtime, clock } = createBench({
      ...options(),
      interventions: [
        { onSend: (message) => (message.type === "Note" ? settleRounds(2).then(() => message) : message) },
      ],
    });
    const sink = defineAgent({
      type: "sink",
      state: () => ({}),
      handlers: (on) => [on.event(Note, (n) => void seen.push(n))],
    });
    const agent = actor(
      async (_, context) => {
        await Promise.all([
          context.branch("a", async (branch) => {
            branch.tell(Note("a1"), sink.id("s"));
            await branch.sleep(1);
            branch.tell(Note("a2"), sink.id("s"));
            await branch.sleep(1);
          }),
          context.branch("b", async (branch) => {
            branch.tell(Note("b1"), sink.id("s"));
            await branch.sleep(1);
          }),
        ]);
        if (context.message.attempt === 1) throw new Error("once more");
        context.tell(Note("end"), sink.id("s"));
        return "done";
      },
      { maxAttempts: 2 },
    );
    await runtime.register(agent);
    await runtime.register(sink);
    expect(await turnUntil(clock, runtime.send(Ask("go"), agent.id("x"), { deadlineMs: 900_000 }), 5)).toBe("done");
    await runtime.idle();
    expect(seen).toEqual(["a1", "b1", "a2", "end"]);
    await runtime.close();
  });
});
