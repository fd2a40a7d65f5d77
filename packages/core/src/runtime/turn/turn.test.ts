import { describe, expect, test, vi } from "vitest";
import { actor, type Context, run } from "../../../test/support/actor.ts";
import {
  anything,
  Ask,
  codeFrom,
  createBench,
  Next,
  Note,
  settleRounds,
  turnUntil,
} from "../../../test/support/fixtures.ts";

describe("a turn", () => {
  test("F1: every call of an attempt that is over throws state.attempt_over, and nothing it does counts (C9)", async () => {
    const { runtime, clock } = createBench();
    const kept: Context[] = [];
    const agent = actor(
      async (_, context) => {
        kept.push(context);
        context.state["count"] = 1;
        await new Promise(() => {});
      },
      { idleLimitMs: 100 },
    );
    await runtime.register(agent);
    const sent = codeFrom(runtime.send(Ask("go"), agent.id("x")));
    await settleRounds();
    clock.advance(200);
    expect(await sent).toBe("state.turn_stalled");
    const [context] = kept;
    if (context === undefined) throw new Error("no context");
    const calls: readonly (() => unknown)[] = [
      () => context.state,
      () => context.step("s", () => 1),
      () => context.stepOutcome("s", () => 1),
      () => context.send(Ask(1), agent.id("y")),
      () => context.request(Ask(1), agent.id("y")),
      () => context.tell(Note(1), agent.id("y")),
      () => context.publish(Note(1), { type: "t", source: "s" }),
      () => context.waitFor("w", anything),
      () => context.sleep(1),
      () => context.emit("e", 1),
      () => context.live("l", 1),
      () => context.heartbeat(),
      () => context.forget(),
      () => context.now(),
      () => context.random(),
      () => context.newId(),
      () => context.lists.log.append(1),
      () => context.lists.log.read(),
    ];
    for (const call of calls) expect(await codeFrom((async () => call())())).toBe("state.attempt_over");
    expect(context.signal.aborted).toBe(true);
    expect(await runtime.snapshot(agent.id("x"))).toBeUndefined();
    await runtime.close();
  });

  test("F1: steps and sends that nobody awaits do not reach the process when the turn ends without them", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const { runtime, clock } = createBench();
    const agent = actor((payload, context) => {
      void context.step("floating", () => new Promise(() => {}));
      void context.send(Next(1), agent.id("other"));
      void context.waitFor("w", anything);
      if (payload === "throw") throw new Error("no");
      return "done";
    });
    await runtime.register(agent);
    expect(await runtime.send(Ask("go"), agent.id("x"))).toBe("done");
    await runtime.send(Ask("throw"), agent.id("x")).catch(() => {});
    await settleRounds();
    clock.advance(1_000);
    await settleRounds();
    await turnUntil(clock, runtime.close({ graceMs: 10 }));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test("U4: time that a turn waits for a reply, an answer or a resume does not count as its own; W1, W2", async () => {
    const { runtime, clock } = createBench();
    const agent = actor(
      async (_, context) => {
        await context.sleep(10_000);
        await context.waitFor("w", anything, { deadlineMs: 10_000 }).catch(() => {});
        return "done";
      },
      { idleLimitMs: 100 },
    );
    await runtime.register(agent);
    expect(await turnUntil(clock, runtime.send(Ask("go"), agent.id("x")), 1_000)).toBe("done");
    await runtime.idle();
    expect(runtime.stats().timers).toBe(0);
    await runtime.close();
  });

  test.each([
    [
      "a class",
      () =>
        new (class Point {
          x = 1;
        })(),
      "state.unserializable",
    ],
    ["a date", () => new Date(0), "state.unserializable"],
    ["a map", () => new Map([[1, 1]]), "state.unserializable"],
    ["a function", () => () => 1, "state.unserializable"],
    ["a bigint", () => 1n, "state.unserializable"],
    ["NaN", () => Number.NaN, "state.unserializable"],
    ["64 KiB and more", () => "x".repeat(65_536), "state.too_large"],
    ["64 KiB and more in few characters", () => "€".repeat(30_000), "state.too_large"],
  ])("U1: a state with %s fails the turn and leaves the last one", async (_, value, code) => {
    const { runtime } = createBench();
    const agent = actor((payload, context) => {
      context.state["value"] = payload === "bad" ? value() : payload;
      return context.state["value"] === payload;
    });
    await runtime.register(agent);
    await runtime.send(Ask("good"), agent.id("x"));
    expect(await codeFrom(runtime.send(Ask("bad"), agent.id("x")))).toBe(code);
    expect((await runtime.snapshot(agent.id("x")))?.state).toEqual({ value: "good" });
    await runtime.close();
  });

  test("U1: a state with a cycle fails the turn typed", async () => {
    const { runtime } = createBench();
    const agent = actor((_, context) => {
      context.state["self"] = context.state;
    });
    await runtime.register(agent);
    expect(await codeFrom(runtime.send(Ask("go"), agent.id("x")))).toBe("state.unserializable");
    await runtime.close();
  });

  test("Q1: a list item, an event and a reply that are too large fail the turn typed", async () => {
    const { runtime } = createBench();
    const large = "x".repeat(1_048_577);
    const agent = actor((payload, context) => {
      if (payload === "list") context.lists.log.append(large);
      if (payload === "event") context.emit("e", large);
      return large;
    });
    await runtime.register(agent);
    for (const how of ["list", "event", "reply"])
      expect(await codeFrom(runtime.send(Ask(how), agent.id("x"), { run }))).toBe("state.too_large");
    await runtime.close();
  });

  test("E1: events of an attempt whose journal is full leave no gap in the numbers", async () => {
    const { runtime } = createBench({ maxJournalRecords: 5 });
    const agent = actor(async (payload, context) => {
      context.emit("start", payload as string);
      for (let n = 0; n < (payload === "full" ? 10 : 1); n++)
        await context.step(`s${n}`, () => context.emit("step", n));
    });
    await runtime.register(agent);
    expect(await codeFrom(runtime.send(Ask("full"), agent.id("x"), { run }))).toBe("state.journal_full");
    await runtime.send(Ask("short"), agent.id("x"), { run });
    const numbers: number[] = [];
    for await (const event of runtime.events("session", { runId: "run", signal: AbortSignal.abort() }))
      if (!event.live) numbers.push(event.sequence);
    expect(numbers.length).toBeGreaterThan(3);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    await runtime.close();
  });
});
