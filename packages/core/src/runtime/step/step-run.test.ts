import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { actor, run } from "../../../test/support/actor.ts";
import { Ask, codeFrom, codeOf, createBench, settleRounds, turnUntil } from "../../../test/support/fixtures.ts";

describe("StepRun", () => {
  test("T1: a retry starts only after the try before it has settled", async () => {
    const { runtime, clock } = createBench();
    let running = 0;
    const tries: number[] = [];
    const agent = actor((_, context) =>
      context.step(
        "flaky",
        async ({ attempt }) => {
          expect(++running).toBe(1);
          await settleRounds(2);
          running -= 1;
          tries.push(attempt);
          if (attempt < 4) throw new Error("not yet");
          return attempt;
        },
        { retries: 5, backoffMs: 10 },
      ),
    );
    await runtime.register(agent);
    expect(await turnUntil(clock, runtime.send(Ask(1), agent.id("x"), { deadlineMs: 900_000 }), 10)).toBe(4);
    expect(tries).toEqual([1, 2, 3, 4]);
    expect(runtime.stats().timers).toBe(0);
    await runtime.close();
  });

  test.each([
    ["settles in time", "cancelled"],
    ["ignores its signal", "unknown"],
  ])("T2: a stopped step that %s ends as %s within the grace", async (how, status) => {
    const { runtime, clock } = createBench({ cancelGraceMs: 100 });
    const agent = actor((_, context) =>
      context.stepOutcome("long", async (step) => {
        step.partial("half");
        const { signal } = step;
        await new Promise((_resolve, reject) => {
          if (how === "settles in time") signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        });
      }),
    );
    await runtime.register(agent);
    const sent = runtime.send(Ask(1), agent.id("x"), { run, deadlineMs: 900_000 });
    await settleRounds();
    const started = clock.now();
    await turnUntil(clock, runtime.control("session", "run", { kind: "cancel" }), 10);
    const outcome = await turnUntil(clock, sent, 10);
    expect(outcome).toMatchObject(status === "cancelled" ? { status, partial: "half" } : { status });
    expect(clock.now() - started).toBeLessThanOrEqual(150);
    await runtime.close();
  });

  test("T3: no timer and no listener of a step is left, however it ended", async () => {
    const { runtime, clock } = createBench({ cancelGraceMs: 20 });
    const signals: AbortSignal[] = [];
    const agent = actor((how, context) =>
      context.step(
        "s",
        async ({ signal }) => {
          signals.push(signal);
          if (how === "fail") throw new Error("no");
          if (how === "stuck") await new Promise(() => {});
        },
        { timeoutMs: 50 },
      ),
    );
    await runtime.register(agent);
    for (const how of ["done", "fail", "stuck"])
      await turnUntil(clock, codeFrom(runtime.send(Ask(how), agent.id("x"), { deadlineMs: 900_000 })), 10);
    expect(runtime.stats().timers).toBe(0);
    for (const signal of signals) expect(getEventListeners(signal, "abort")).toHaveLength(0);
    await runtime.close();
  });
});

describe("close", () => {
  test("H1, H2: closing in a step, a wait, a send, a commit and an admission ends everything, reports nothing, leaves nothing", async () => {
    for (let rounds = 0; rounds < 12; rounds++) {
      const { runtime, clock, reported } = createBench({
        interventions: [{ onReply: (reply) => settleRounds(2).then(() => reply) }],
      });
      const helper = actor((payload, context) => context.step("h", () => settleRounds(2).then(() => payload)), {
        type: "helper",
      });
      const agent = actor(async (payload, context) => {
        await context.step("s", () => settleRounds(2).then(() => 1));
        const reply = await context.send(Ask(payload), helper.id("h"));
        if (payload === "wait") await context.sleep(1_000_000);
        return reply;
      });
      await runtime.register(agent);
      await runtime.register(helper);
      const ends = ["now", "wait", "queued"].map((text) => codeFrom(runtime.send(Ask(text), agent.id("x"), { run })));
      await settleRounds(rounds);
      const [first, second] = [runtime.close({ graceMs: 30 }), runtime.close()];
      ends.push(codeFrom(runtime.send(Ask("late"), agent.id("x"))));
      await turnUntil(clock, Promise.all([first, second]), 10);
      for (const end of await Promise.all(ends)) expect(["now", "delivery.runtime_closed"]).toContain(end);
      await settleRounds(20);
      expect(reported).toEqual([]);
      expect(runtime.stats()).toMatchObject({
        activeAgents: 0,
        residentCells: 0,
        runningTurns: 0,
        pendingRequests: 0,
        openWaits: 0,
        timers: 0,
      });
    }
  });

  test("U4: an intervention on the reply that never answers ends the request by its deadline and the turn by its limit", async () => {
    const { runtime, clock } = createBench({ interventions: [{ onReply: () => new Promise<never>(() => {}) }] });
    const agent = actor((payload) => payload, { idleLimitMs: 1_000 });
    await runtime.register(agent);
    const sent = runtime.send(Ask(1), agent.id("x"), { deadlineMs: 100 }).catch(codeOf);
    expect(await turnUntil(clock, sent, 20)).toBe("delivery.deadline_exceeded");
    clock.advance(2_000);
    await settleRounds();
    expect(runtime.stats().runningTurns).toBe(0);
    await runtime.close();
  });
});
