import { ManualClock } from "@troupe/core/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { JsonValue } from "../model/json.ts";
import { runToolCall, type ToolCallContext } from "./run-tool-call.ts";
import { ToolLimiter } from "./tool-limiter.ts";
import { tool, type ToolContext, type ToolOptions } from "./tool.ts";

function setUp(more: Partial<ToolCallContext> = {}) {
  const controller = new AbortController();
  const progress: JsonValue[] = [];
  const clock = new ManualClock();
  const context: ToolCallContext = {
    signal: controller.signal,
    callId: "call-1",
    idempotencyKey: "key-1",
    progress: (value) => progress.push(value),
    clock,
    random: { next: () => 0.5 },
    ...more,
  };
  return { controller, progress, clock, context };
}

type Execute = ToolOptions<object, object, unknown>["execute"];

function make(execute: Execute, more: Partial<ToolOptions<object, object, unknown>> = {}) {
  return tool<object, object, unknown>({ name: "probe", description: "p", input: z.object({}), execute, ...more });
}

/** Lets everything that is ready run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

describe("runToolCall", () => {
  it("answers invalid arguments without running the tool", async () => {
    let runs = 0;
    const outcome = await runToolCall(
      make(() => runs++),
      "{",
      setUp().context,
    );
    expect(outcome).toMatchObject({ status: "error", failure: { code: "tool.invalid_arguments" } });
    expect(runs).toBe(0);
  });

  it("checks the result against the output schema", async () => {
    const outcome = await runToolCall(
      make(() => ({ n: "x" }), { output: z.object({ n: z.number() }) }),
      "",
      setUp().context,
    );
    expect(outcome).toMatchObject({ status: "error", failure: { code: "tool.invalid_result" } });
  });

  it("streams progress, then the result (row 80)", async () => {
    const { context, progress } = setUp();
    const counting = make(async function* () {
      yield 1;
      yield { half: true };
      return "done";
    });
    expect(await runToolCall(counting, "", context)).toEqual({
      status: "ok",
      content: [{ kind: "text", text: "done" }],
    });
    expect(progress).toEqual([1, { half: true }]);
  });

  it("refuses a stream without a result, and one of the wrong type (row 80)", async () => {
    const silent = make(async function* () {
      yield 1;
    });
    expect(await runToolCall(silent, "", setUp().context)).toMatchObject({
      status: "error",
      failure: { code: "tool.missing_result" },
    });
    const wrong = make(
      async function* () {
        yield 1;
        return "x";
      },
      { output: z.number() },
    );
    expect(await runToolCall(wrong, "", setUp().context)).toMatchObject({
      status: "error",
      failure: { code: "tool.invalid_result" },
    });
  });

  it("does not run after an abort", async () => {
    const { controller, context } = setUp();
    controller.abort(new Error("enough"));
    let runs = 0;
    expect(
      await runToolCall(
        make(() => runs++),
        "",
        context,
      ),
    ).toMatchObject({ status: "cancelled", failure: { code: "tool.cancelled" } });
    expect(runs).toBe(0);
  });

  it("attempt 1: ends as cancelled when the tool stops on an abort, and as ok when it finished first", async () => {
    const { controller, context } = setUp();
    const stopping = runToolCall(
      make((_, { signal }) => untilAborted(signal)),
      "",
      context,
    );
    controller.abort(new Error("enough"));
    expect(await stopping).toMatchObject({
      status: "cancelled",
      content: [{ text: "The call was cancelled: enough" }],
    });

    const second = setUp();
    const finishing = runToolCall(
      make((_, { signal }) => untilAborted(signal).catch(() => "saved")),
      "",
      second.context,
    );
    second.controller.abort();
    expect(await finishing).toEqual({ status: "ok", content: [{ kind: "text", text: "saved" }] });
  });

  it("attempt 2: ends as unknown, visibly, when the tool ignores the abort, and drops its late result", async () => {
    const { controller, context, clock } = setUp();
    const deaf = Promise.withResolvers<string>();
    const outcome = runToolCall(
      make(() => deaf.promise),
      "",
      context,
    );
    await settle();
    controller.abort(new Error("enough"));
    await settle();
    clock.advance(249);
    deaf.promise.catch(() => {});
    let isOver = false;
    void outcome.then(() => (isOver = true));
    await settle();
    expect(isOver).toBe(false);
    clock.advance(1);
    expect(await outcome).toMatchObject({ status: "unknown", failure: { code: "tool.unknown" } });
    deaf.reject(new Error("late"));
  });

  it("attempt 1, 2: limits each attempt in time: a tool that stops is an error, one that does not is unknown", async () => {
    const polite = setUp();
    const first = runToolCall(
      make((_, { signal }) => untilAborted(signal), { timeoutMs: 100 }),
      "",
      polite.context,
    );
    await settle();
    polite.clock.advance(100);
    expect(await first).toMatchObject({ status: "error", failure: { code: "tool.timeout" } });

    const deaf = setUp({ graceMs: 10 });
    const second = runToolCall(
      make(() => new Promise(() => {}), { timeoutMs: 100, retries: 3 }),
      "",
      deaf.context,
    );
    await settle();
    deaf.clock.advance(100);
    deaf.clock.advance(10);
    expect(await second).toMatchObject({ status: "unknown", failure: { code: "tool.timeout" } });
  });

  it("repeats failures with growing pauses and one idempotency key, then reports the last", async () => {
    const { context, clock } = setUp();
    const keys: string[] = [];
    const flaky = make(
      (_, { idempotencyKey }) => {
        keys.push(idempotencyKey);
        if (keys.length < 3) throw new Error(`failure ${keys.length}`);
        return "fine";
      },
      { retries: 2 },
    );
    const outcome = runToolCall(flaky, "", context);
    await settle();
    clock.advance(49);
    await settle();
    expect(keys.length).toBe(1);
    clock.advance(1);
    await settle();
    expect(keys.length).toBe(2);
    clock.advance(100);
    expect(await outcome).toMatchObject({ status: "ok" });
    expect(keys).toEqual(["key-1", "key-1", "key-1"]);
  });

  it("repeats an attempt of unknown effect only when the tool is idempotent", async () => {
    for (const idempotent of [false, true]) {
      const { context, clock } = setUp({ graceMs: 10 });
      let runs = 0;
      const slow = make(() => (++runs === 1 ? new Promise(() => {}) : "second"), {
        timeoutMs: 100,
        retries: 1,
        idempotent,
      });
      const outcome = runToolCall(slow, "", context);
      for (const ms of [100, 10, 50]) {
        await settle();
        clock.advance(ms);
      }
      expect([(await outcome).status, runs]).toEqual(idempotent ? ["ok", 2] : ["unknown", 1]);
    }
  });

  it("stops waiting for a retry when the call is cancelled", async () => {
    const { context, controller, clock } = setUp();
    let runs = 0;
    const outcome = runToolCall(
      make(
        () => {
          runs += 1;
          throw new Error("no");
        },
        { retries: 5 },
      ),
      "",
      context,
    );
    await settle();
    controller.abort();
    expect((await outcome).status).toBe("error");
    clock.advance(60_000);
    await settle();
    expect(runs).toBe(1);
  });

  it("asks for approval where the tool wants it, and is denied without", async () => {
    const careful = tool({
      name: "refund",
      description: "r",
      input: z.object({ cents: z.number() }),
      approval: ({ cents }) => cents > 100,
      execute: () => "paid",
    });
    expect((await runToolCall(careful, '{"cents":50}', setUp().context)).status).toBe("ok");
    expect(await runToolCall(careful, '{"cents":500}', setUp().context)).toMatchObject({
      status: "denied",
      failure: { code: "tool.not_approved" },
    });
    expect((await runToolCall(careful, '{"cents":500}', setUp({ isApproved: true }).context)).status).toBe("ok");
  });

  it("runs at most `concurrency` calls at once, in order, and frees the place after a failure or an abort", async () => {
    const limiter = new ToolLimiter();
    const { context } = setUp({ limiter });
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<string>());
    const started: number[] = [];
    const limited = tool({
      name: "limited",
      description: "l",
      input: z.object({ n: z.number() }),
      concurrency: 2,
      execute: ({ n }) => {
        started.push(n);
        return gates[n]?.promise ?? "none";
      },
    });
    const waiting = setUp({ limiter });
    const calls = [0, 1].map((n) => runToolCall(limited, JSON.stringify({ n }), context));
    const aborted = runToolCall(limited, '{"n":2}', waiting.context);
    const last = runToolCall(limited, '{"n":3}', context);
    await settle();
    expect(started).toEqual([0, 1]);
    waiting.controller.abort();
    expect((await aborted).status).toBe("cancelled");
    gates[0]?.reject(new Error("failed"));
    await calls[0];
    await settle();
    expect(started).toEqual([0, 1, 3]);
    gates[1]?.resolve("b");
    gates[3]?.resolve("d");
    expect((await Promise.all([...calls, last])).map((outcome) => outcome.status)).toEqual(["error", "ok", "ok"]);
  });

  it("attempt 4: closes a generator that is stopped, and passes no progress on after the end", async () => {
    const { context, controller, progress } = setUp();
    let isClosed = false;
    let late: ToolContext | undefined;
    const endless = make(async function* (_, inner) {
      late = inner;
      try {
        for (let n = 0; ; n++) {
          yield n;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        isClosed = true;
      }
    });
    const outcome = runToolCall(endless, "", context);
    await new Promise((resolve) => setTimeout(resolve, 10));
    controller.abort(new Error("enough"));
    expect((await outcome).status).toBe("cancelled");
    expect(isClosed).toBe(true);
    const count = progress.length;
    late?.progress("too late");
    expect([count > 0, progress.length]).toEqual([true, count]);
  });

  it("attempt 3: leaves no listener on the caller's signal and no timer on the clock", async () => {
    const { context, clock, controller } = setUp();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    for (let call = 0; call < 50; call++)
      await runToolCall(
        make(async () => "x", { concurrency: 1 }),
        "",
        { ...context, limiter: new ToolLimiter() },
      );
    expect([listeners, clock.timerCount]).toEqual([0, 0]);
  });
});
