import { ConfigError, ModelError } from "@troupe/core";
import {
  type ChatModel,
  deadlineMiddleware,
  type ModelEvent,
  type ModelRequest,
  type ModelRetry,
  type RetryOptions,
  retryMiddleware,
  wrapModel,
} from "@troupe/llm";
import { type ChatModelScenario, chatModelContract, reply, ScriptedModel } from "@troupe/llm/testing";
import { declareContract } from "@troupe/core/testing";
import { describe, expect, it } from "vitest";
import { countListeners } from "./count-listeners.ts";
import { flush, RecordingClock } from "./recording-clock.ts";

const ask: ModelRequest = { messages: [{ role: "user", content: [{ kind: "text", text: "Hi" }] }] };
const failure = (code: `model.${string}`, retryAfterMs?: number) =>
  new ModelError(code, "No.", { remedy: "Wait.", ...(retryAfterMs !== undefined && { details: { retryAfterMs } }) });
const half = { next: () => 0.5 };

async function collect(model: ChatModel, request: ModelRequest = ask): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of model.stream(request)) events.push(event);
  return events;
}

describe.each([
  ["retry", () => retryMiddleware({ retries: 1, baseDelayMs: 0 })],
  ["deadline", () => deadlineMiddleware()],
])("a model with %s middleware keeps the chat model contract", (_name, make) => {
  const call = (a: number, b: number) => ({ name: "add", arguments: { a, b } });
  const createModel = async (scenario: ChatModelScenario): Promise<ChatModel> => {
    const entry = {
      text: "The answer is 42.",
      "tool-call": reply.toolCalls([call(20, 22)]),
      "parallel-tool-calls": reply.toolCalls([call(1, 2), call(3, 4)]),
      failure: reply.failure(failure("model.bad_request")),
      silence: reply.hang(),
    }[scenario];
    return wrapModel(new ScriptedModel([entry, entry], { chunkSize: 4 }), [make()]);
  };
  declareContract(chatModelContract, { create: () => ({ createModel }) }, { test: it });
});

describe("wrapping", () => {
  it("puts the first middleware outermost", async () => {
    const seen: string[] = [];
    const log =
      (name: string) =>
      (model: ChatModel): ChatModel => ({
        ...model,
        name: model.name,
        generate: async (request) => {
          seen.push(`${name} in`);
          const result = await model.generate(request);
          seen.push(`${name} out`);
          return result;
        },
        stream: (request) => model.stream(request),
      });
    await wrapModel(new ScriptedModel(["x"]), [log("a"), log("b")]).generate(ask);
    expect(seen).toEqual(["a in", "b in", "b out", "a out"]);
  });
});

describe("retrying", () => {
  const setUp = (script: ConstructorParameters<typeof ScriptedModel>[0], options: RetryOptions = {}) => {
    const clock = new RecordingClock();
    const retries: ModelRetry[] = [];
    const scripted = new ScriptedModel(script);
    const model = wrapModel(scripted, [
      retryMiddleware({ clock, random: half, onRetry: (retry) => retries.push(retry), ...options }),
    ]);
    return { clock, retries, scripted, model };
  };

  it.each(["model.rate_limited", "model.overloaded", "model.server_error", "model.network", "model.timeout"] as const)(
    "repeats a call that failed with %s",
    async (code) => {
      const { clock, retries, scripted, model } = setUp([
        reply.failure(failure(code)),
        reply.failure(failure(code)),
        "ok",
      ]);
      const pending = model.generate(ask);
      await flush();
      clock.advance(250);
      await flush();
      clock.advance(500);
      expect((await pending).content).toEqual([{ kind: "text", text: "ok" }]);
      expect(clock.delays).toEqual([250, 500]);
      expect(retries.map(({ model: name, attempt, delayMs }) => [name, attempt, delayMs])).toEqual([
        ["scripted:model", 1, 250],
        ["scripted:model", 2, 500],
      ]);
      expect(scripted.calls).toBe(3);
    },
  );

  it.each([
    "model.bad_request",
    "model.unauthorized",
    "model.quota_exhausted",
    "model.context_overflow",
    "model.invalid_response",
  ] as const)("does not repeat a call that failed with %s", async (code) => {
    const { model, scripted } = setUp([reply.failure(failure(code)), "ok"]);
    await expect(model.generate(ask)).rejects.toMatchObject({ code });
    expect(scripted.calls).toBe(1);
  });

  it("does not touch errors that are no model errors", async () => {
    const { model, scripted } = setUp([reply.failure(new RangeError("bug")), "ok"]);
    await expect(model.generate(ask)).rejects.toThrow(RangeError);
    expect(scripted.calls).toBe(1);
  });

  it("waits at least as long as Retry-After says, and a random share more", async () => {
    const { clock, model } = setUp([reply.failure(failure("model.rate_limited", 3000)), "ok"]);
    const pending = model.generate(ask);
    await flush();
    expect(clock.delays).toEqual([3250]);
    clock.advance(3250);
    await pending;
  });

  it("gives up at once when Retry-After asks for too much", async () => {
    const { clock, model } = setUp([reply.failure(failure("model.rate_limited", 60_001)), "ok"]);
    await expect(model.generate(ask)).rejects.toMatchObject({ code: "model.rate_limited" });
    expect(clock.delays).toEqual([]);
  });

  it("throws the last error when no retry is left, and never waits longer than its cap", async () => {
    const { clock, model, scripted } = setUp(() => reply.failure(failure("model.overloaded")), {
      retries: 4,
      maxDelayMs: 1000,
    });
    const failed = expect(model.generate(ask)).rejects.toMatchObject({ code: "model.overloaded" });
    for (let step = 0; step < 4; step += 1) {
      await flush();
      clock.advance(1000);
    }
    await failed;
    expect(scripted.calls).toBe(5);
    expect(clock.delays).toEqual([250, 500, 500, 500]);
  });

  it("spreads its delays over the whole range", () => {
    const clock = new RecordingClock();
    const model = wrapModel(new ScriptedModel(() => reply.failure(failure("model.overloaded"))), [
      retryMiddleware({ clock, baseDelayMs: 1000 }),
    ]);
    return Promise.all(
      Array.from({ length: 50 }, () => Promise.race([model.generate(ask).catch(() => {}), flush()])),
    ).then(() => {
      expect(clock.delays).toHaveLength(50);
      expect(Math.max(...clock.delays)).toBeLessThanOrEqual(1000);
      expect(new Set(clock.delays).size).toBeGreaterThan(25);
      expect(Math.min(...clock.delays)).toBeLessThan(400);
    });
  });

  it("repeats a stream only while nothing of it was delivered", async () => {
    const early = setUp([reply.failure(failure("model.network")), "ok"], { baseDelayMs: 0 });
    const pending = collect(early.model);
    await flush();
    early.clock.advance(0);
    expect((await pending).at(-1)).toMatchObject({ kind: "finish" });
    const late = setUp([reply.failure(failure("model.network"), { text: "half" }), "ok"]);
    await expect(collect(late.model)).rejects.toMatchObject({ code: "model.network" });
    expect(late.scripted.calls).toBe(1);
  });

  it("an abort ends the wait with its reason and leaves no timer and no listener", async () => {
    const { clock, model } = setUp([reply.failure(failure("model.overloaded")), "ok"]);
    const controller = new AbortController();
    const listeners = countListeners(controller.signal);
    const failed = expect(model.generate({ ...ask, signal: controller.signal })).rejects.toBe("enough");
    await flush();
    expect(clock.timerCount).toBe(1);
    controller.abort("enough");
    await failed;
    expect([clock.timerCount, listeners.count]).toEqual([0, 0]);
  });

  it("refuses negative options", () => {
    expect(() => retryMiddleware({ retries: -1 })).toThrow(ConfigError);
    expect(() => retryMiddleware({ baseDelayMs: Number.NaN })).toThrow(ConfigError);
  });
});

describe("deadlines", () => {
  const setUp = (script: ConstructorParameters<typeof ScriptedModel>[0]) => {
    const clock = new RecordingClock();
    const limits = { clock, firstByteMs: 100, idleMs: 50, totalMs: 1000 };
    const controller = new AbortController();
    const listeners = countListeners(controller.signal);
    const model = wrapModel(new ScriptedModel(script, { clock, chunkSize: 1 }), [deadlineMiddleware(limits)]);
    return { clock, model, listeners, request: { ...ask, signal: controller.signal } };
  };

  it("end a call that takes longer than its whole time", async () => {
    const { clock, model, listeners, request } = setUp([reply.hang()]);
    const failed = expect(model.generate(request)).rejects.toMatchObject({
      code: "model.timeout",
      details: { limit: "totalMs", limitMs: 1000 },
    });
    await flush();
    clock.advance(1000);
    await failed;
    expect([clock.timerCount, listeners.count]).toEqual([0, 0]);
  });

  it("end a stream whose first event is late", async () => {
    const { clock, model, listeners, request } = setUp([reply.text("x", { delayMs: 5000 })]);
    const failed = expect(collect(model, request)).rejects.toMatchObject({
      code: "model.timeout",
      details: { limit: "firstByteMs" },
    });
    await flush();
    clock.advance(100);
    await failed;
    expect([clock.timerCount, listeners.count]).toEqual([0, 0]);
  });

  it("end a stream that falls silent, not one that is slow but steady", async () => {
    const steady = setUp([reply.text("abc", { chunkDelayMs: 40 })]);
    const done = collect(steady.model, steady.request);
    for (let step = 0; step < 4; step += 1) {
      await flush();
      steady.clock.advance(40);
    }
    expect((await done).at(-1)).toMatchObject({ kind: "finish" });
    const silent = setUp([reply.text("abc", { chunkDelayMs: 400 })]);
    const failed = expect(collect(silent.model, silent.request)).rejects.toMatchObject({
      details: { limit: "idleMs" },
    });
    await flush();
    silent.clock.advance(50);
    await failed;
    expect([silent.clock.timerCount, silent.listeners.count]).toEqual([0, 0]);
  });

  it("do not count the time a reader takes as silence", async () => {
    const { clock, model, request } = setUp(["ab"]);
    let count = 0;
    for await (const _event of model.stream(request)) {
      clock.advance(60);
      count += 1;
    }
    expect(count).toBe(3);
  });

  it("pass the caller's abort on, and clean up when the reader leaves", async () => {
    const { clock, model, listeners, request } = setUp(["abc"]);
    for await (const _event of model.stream(request)) break;
    expect([clock.timerCount, listeners.count]).toEqual([0, 0]);
  });

  it("let a retry follow a time-out", async () => {
    const clock = new RecordingClock();
    const model = wrapModel(new ScriptedModel([reply.hang(), "ok"], { clock }), [
      retryMiddleware({ clock, random: half }),
      deadlineMiddleware({ clock, totalMs: 100 }),
    ]);
    const pending = model.generate(ask);
    await flush();
    clock.advance(100);
    await flush();
    clock.advance(250);
    expect((await pending).content).toEqual([{ kind: "text", text: "ok" }]);
  });

  it("refuse limits that are not above zero", () => {
    expect(() => deadlineMiddleware({ idleMs: 0 })).toThrow(ConfigError);
  });
});
