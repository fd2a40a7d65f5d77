import { ModelError } from "@troupe/core";
import { declareContract, ManualClock } from "@troupe/core/testing";
import {
  type ChatModel,
  CircuitBreaker,
  cacheMiddleware,
  circuitBreakerMiddleware,
  emptyUsage,
  fallbackModel,
  MemoryModelCache,
  type ModelCache,
  type ModelEvent,
  type ModelRequest,
  RateLimiter,
  rateLimitMiddleware,
  resultText,
  retryMiddleware,
  wrapModel,
} from "@troupe/llm";
import { type ChatModelScenario, chatModelContract, reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { countListeners } from "./count-listeners.ts";
import { flush } from "./recording-clock.ts";

const ask: ModelRequest = { messages: [{ role: "user", content: [{ kind: "text", text: "Hi" }] }] };
const failure = (code: `model.${string}`, details: Record<string, number> = {}) =>
  new ModelError(code, "No.", { remedy: "Wait.", details });

async function collect(model: ChatModel, request: ModelRequest = ask): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of model.stream(request)) events.push(event);
  return events;
}

describe.each([
  ["a rate limit", (model: ChatModel) => wrapModel(model, [rateLimitMiddleware(new RateLimiter({ concurrency: 9 }))])],
  ["a circuit breaker", (model: ChatModel) => wrapModel(model, [circuitBreakerMiddleware(new CircuitBreaker())])],
  ["a fallback", (model: ChatModel) => fallbackModel([model])],
  [
    "a cache",
    (model: ChatModel) => wrapModel(model, [cacheMiddleware({ cache: { get: () => undefined, set: () => {} } })]),
  ],
])("a model with %s keeps the chat model contract", (_name, wrap) => {
  const call = (a: number, b: number) => ({ name: "add", arguments: { a, b } });
  const createModel = async (scenario: ChatModelScenario): Promise<ChatModel> => {
    const entry = {
      text: "The answer is 42.",
      "tool-call": reply.toolCalls([call(20, 22)]),
      "parallel-tool-calls": reply.toolCalls([call(1, 2), call(3, 4)]),
      failure: reply.failure(failure("model.bad_request")),
      silence: reply.hang(),
    }[scenario];
    return wrap(new ScriptedModel([entry, entry], { chunkSize: 4 }));
  };
  declareContract(chatModelContract, { create: () => ({ createModel }) }, { test: it });
});

/** Turns a clock until nothing waits for time any more. */
async function runOut(clock: ManualClock): Promise<void> {
  await flush();
  while (clock.nextTimerMs !== undefined) {
    clock.advance(clock.nextTimerMs);
    await flush();
  }
}

describe("RateLimiter", () => {
  it("1, 2: starts calls evenly after a burst, in the order they came", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ requestsPerMinute: 600, burstMs: 300, clock });
    const started: [number, number][] = [];
    for (let index = 0; index < 9; index += 1)
      void limiter.acquire(0).then(() => started.push([index, clock.monotonic()]));
    await runOut(clock);
    expect(started).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 100],
      [4, 200],
      [5, 300],
      [6, 400],
      [7, 500],
      [8, 600],
    ]);
  });

  it("1: counts tokens, pays a large call off afterwards, and books what was really used", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ tokensPerMinute: 60_000, burstMs: 1_000, clock });
    const started: number[] = [];
    const first = await limiter.acquire(3_000);
    void limiter.acquire(1_000).then(() => started.push(clock.monotonic()));
    await flush();
    // Only 500 tokens of the 3,000 were used: the level is 500 now, and 500 more are needed.
    first.release(500);
    await runOut(clock);
    expect(started).toEqual([500]);
  });

  it("1: lets no more calls at once than it may, and a place is given back once", async () => {
    const limiter = new RateLimiter({ concurrency: 1 });
    const first = await limiter.acquire(0);
    let isStarted = false;
    const second = limiter.acquire(0).then((lease) => {
      isStarted = true;
      return lease;
    });
    await flush();
    expect(isStarted).toBe(false);
    first.release(undefined);
    first.release(undefined);
    const lease = await second;
    const third = limiter.acquire(0);
    expect(limiter.waiting).toBe(1);
    lease.release(undefined);
    (await third).release(undefined);
  });

  it("2, 3: an aborted call leaves no place, no timer and no listener", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ requestsPerMinute: 60, clock });
    await limiter.acquire(0);
    const controller = new AbortController();
    const listeners = countListeners(controller.signal);
    const waiting = limiter.acquire(0, controller.signal);
    expect(clock.timerCount).toBe(1);
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    expect([clock.timerCount, limiter.waiting, listeners.count]).toEqual([0, 0, 0]);
  });

  it("refuses at once a call that would wait too long", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ requestsPerMinute: 60, maxWaitMs: 2_500, clock });
    const calls = Array.from({ length: 5 }, () => limiter.acquire(0));
    const ends = Promise.allSettled(calls);
    await runOut(clock);
    const refused = (await ends).filter((end) => end.status === "rejected");
    expect(refused.map((end): unknown => end.reason)).toMatchObject([
      { code: "model.rate_limited", details: { retryAfterMs: 3_000 } },
      { code: "model.rate_limited", details: { retryAfterMs: 3_000 } },
    ]);
  });

  it("refuses limits that are none", () => {
    expect(() => new RateLimiter({ requestsPerMinute: 0 })).toThrow(
      expect.objectContaining({ code: "config.invalid_option" }),
    );
  });
});

describe("a fleet of agents on one key", () => {
  /** A provider that allows so many calls in each second, and says when to come back. */
  function provider(clock: ManualClock, perSecond: number) {
    const starts: number[] = [];
    let refused = 0;
    const model = new ScriptedModel(() => {
      const now = clock.monotonic();
      if (starts.filter((start) => start > now - 1_000).length >= perSecond) {
        refused += 1;
        return reply.failure(failure("model.rate_limited", { retryAfterMs: 1_000 }));
      }
      starts.push(now);
      return "ok";
    });
    return { model, refusals: () => refused };
  }

  it("of 50 gets through a limit of 10 a second with hardly a call too many, and nobody sees a 429", async () => {
    const clock = new ManualClock();
    const { model, refusals } = provider(clock, 10);
    const limiter = new RateLimiter({ requestsPerMinute: 590, burstMs: 100, clock });
    const wrapped = wrapModel(model, [
      retryMiddleware({ clock, random: { next: () => 0.5 } }),
      rateLimitMiddleware(limiter),
    ]);
    const waits: number[] = [];
    const agents = Array.from({ length: 50 }, async () => {
      for (let turn = 0; turn < 4; turn += 1) {
        const start = clock.monotonic();
        await wrapped.generate(ask);
        waits.push(clock.monotonic() - start);
      }
    });
    const ends = Promise.all(agents);
    await runOut(clock);
    await ends;
    expect(waits).toHaveLength(200);
    expect(refusals()).toBeLessThanOrEqual(20);
    expect(model.calls).toBeLessThanOrEqual(220);
    // 200 calls at nearly 10 a second; nobody waits longer than a round of everybody.
    expect(clock.monotonic()).toBeLessThan(23_000);
    expect(Math.max(...waits)).toBeLessThan(6_500);
  });

  it("4: waits together when one was sent away", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ concurrency: 9, clock });
    const starts: number[] = [];
    const model = new ScriptedModel((_request, { index }) => {
      starts.push(clock.monotonic());
      return index === 0 ? reply.failure(failure("model.rate_limited", { retryAfterMs: 700 })) : "ok";
    });
    const limited = wrapModel(model, [rateLimitMiddleware(limiter)]);
    await expect(limited.generate(ask)).rejects.toMatchObject({ code: "model.rate_limited" });
    const ends = Promise.all([limited.generate(ask), collect(limited)]);
    await runOut(clock);
    await ends;
    expect(starts).toEqual([0, 700, 700]);
  });
});

describe("CircuitBreaker", () => {
  const setUp = (script: ConstructorParameters<typeof ScriptedModel>[0]) => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ failures: 2, openMs: 1_000, maxOpenMs: 3_000, clock });
    const scripted = new ScriptedModel(script);
    return { clock, breaker, scripted, model: wrapModel(scripted, [circuitBreakerMiddleware(breaker)]) };
  };
  const down = reply.failure(failure("model.server_error"));

  it("1: opens after failures in a row, and then no call is made", async () => {
    const { breaker, scripted, model } = setUp([down, "fine", down, down]);
    for (const code of ["model.server_error", undefined, "model.server_error", "model.server_error"]) {
      const end = model.generate(ask);
      if (code === undefined) await end;
      else await expect(end).rejects.toMatchObject({ code });
    }
    expect(breaker.state).toBe("open");
    await expect(collect(model)).rejects.toMatchObject({
      code: "model.circuit_open",
      details: { retryAfterMs: 1_000 },
    });
    expect(scripted.calls).toBe(4);
  });

  it("1, 2: lets one call try when its time is over: it closes the circuit, or opens it for longer", async () => {
    const { clock, breaker, scripted, model } = setUp([down, down, down, reply.text("back", { delayMs: 0 }), "again"]);
    for (let call = 0; call < 2; call += 1) await expect(model.generate(ask)).rejects.toThrow();
    clock.advance(1_000);
    expect(breaker.state).toBe("half-open");
    await expect(model.generate(ask)).rejects.toMatchObject({ code: "model.server_error" });
    expect(breaker.waitMs).toBe(2_000);
    clock.advance(2_000);
    const trying = model.generate(ask);
    await expect(model.generate(ask)).rejects.toMatchObject({ code: "model.circuit_open" });
    await trying;
    expect(breaker.state).toBe("closed");
    await collect(model);
    expect(scripted.calls).toBe(5);
  });

  it("does not count what the provider is not to blame for, and a reader that leaves does not block the next", async () => {
    const bad = reply.failure(failure("model.bad_request"));
    const { clock, breaker, model } = setUp([
      bad,
      bad,
      bad,
      down,
      down,
      reply.text("long answer", { chunkSize: 2 }),
      "x",
    ]);
    for (let call = 0; call < 3; call += 1) await expect(model.generate(ask)).rejects.toThrow();
    expect(breaker.state).toBe("closed");
    for (let call = 0; call < 2; call += 1) await expect(model.generate(ask)).rejects.toThrow();
    clock.advance(1_000);
    for await (const _event of model.stream(ask)) break;
    expect(breaker.state).toBe("half-open");
    await model.generate(ask);
    expect(breaker.state).toBe("closed");
  });
});

describe("fallbackModel", () => {
  const named = (name: string, script: ConstructorParameters<typeof ScriptedModel>[0], capabilities = {}) =>
    new ScriptedModel(script, { name, capabilities });
  const down = reply.failure(failure("model.overloaded"));

  it("asks the next model when one fails, tells about it, and names who answered", async () => {
    const steps: string[] = [];
    const model = fallbackModel([named("a:1", [down, down]), named("b:1", [down, down]), named("c:1", ["ok", "ok"])], {
      onFallback: ({ from, to }) => steps.push(`${from} > ${to}`),
    });
    expect(await model.generate(ask)).toMatchObject({ answeredBy: "c:1", content: [{ text: "ok" }] });
    expect((await collect(model)).at(-1)).toMatchObject({ kind: "finish", result: { answeredBy: "c:1" } });
    expect(steps).toEqual(["a:1 > b:1", "b:1 > c:1", "a:1 > b:1", "b:1 > c:1"]);
    expect(model.name).toBe("a:1");
  });

  it("throws what is nobody else's matter, and the last error when all have failed", async () => {
    const wrong = reply.failure(failure("model.bad_request"));
    const second = named("b:1", ["ok"]);
    await expect(fallbackModel([named("a:1", [wrong]), second]).generate(ask)).rejects.toMatchObject({
      code: "model.bad_request",
    });
    expect(second.calls).toBe(0);
    const both = fallbackModel([named("a:1", [down]), named("b:1", [reply.failure(failure("model.quota_exhausted"))])]);
    await expect(both.generate(ask)).rejects.toMatchObject({ code: "model.quota_exhausted" });
  });

  it("does not repeat what a reader has seen", async () => {
    const broken = reply.failure(failure("model.network"), { text: "half of it" });
    const second = named("b:1", ["all of it"]);
    await expect(collect(fallbackModel([named("a:1", [broken]), second]))).rejects.toMatchObject({
      code: "model.network",
    });
    expect(second.calls).toBe(0);
  });

  it("passes over models that cannot do what is asked, and refuses a chain that can never do it", async () => {
    const blind = named("b:1", ["no"], { vision: false, tools: false });
    const model = fallbackModel([named("a:1", [down, down]), blind, named("c:1", ["ok", "ok"])]);
    const image: ModelRequest = {
      messages: [{ role: "user", content: [{ kind: "file", mediaType: "image/png", data: "AAAA" }] }],
    };
    expect(await model.generate(image)).toMatchObject({ answeredBy: "c:1" });
    const tools = [{ name: "t", description: "t", inputSchema: {} }] as const;
    expect(await model.generate({ ...ask, tools })).toMatchObject({ answeredBy: "c:1" });
    expect(blind.calls).toBe(0);
    await expect(fallbackModel([blind]).generate(image)).rejects.toMatchObject({ code: "model.bad_request" });
    expect(() => fallbackModel([blind], { needs: { tools: true } })).toThrow(/"b:1" of a chain lacks tools/);
    expect(() => fallbackModel([named("d:1", [], { contextWindow: 10 })], { minContextWindow: 100 })).toThrow(/window/);
    expect(() => fallbackModel([])).toThrow(/empty/);
  });

  it("has the smallest window of its models", () => {
    const windows = [null, 200, 100].map((contextWindow, index) => named(`m:${index}`, [], { contextWindow }));
    expect(fallbackModel(windows).capabilities.contextWindow).toBe(100);
    expect(fallbackModel(windows.slice(0, 1)).capabilities.contextWindow).toBeNull();
  });
});

describe("cacheMiddleware", () => {
  const setUp = (
    script: ConstructorParameters<typeof ScriptedModel>[0],
    cache: ModelCache = new MemoryModelCache(),
  ) => {
    const scripted = new ScriptedModel(script);
    const errors: unknown[] = [];
    const model = wrapModel(scripted, [cacheMiddleware({ cache, onError: (error) => errors.push(error) })]);
    return { scripted, errors, model };
  };

  it("asks once: the first answer is not cached, the second is, cost nothing, and is a copy", async () => {
    const { scripted, model } = setUp(["one"]);
    const first = await model.generate(ask);
    const second = await model.generate({ ...ask, headers: { trace: "2" } });
    expect(scripted.calls).toBe(1);
    expect(first.cached).toBeUndefined();
    expect(second).toEqual({ ...first, cached: true, usage: emptyUsage });
    expect(second.content).not.toBe(first.content);
  });

  it("serves both ways to ask with what either has brought", async () => {
    const { scripted, model } = setUp([
      reply.parts([
        { kind: "text", text: "words" },
        { kind: "tool-call", callId: "c", toolName: "t", arguments: "{}" },
      ]),
      "two",
    ]);
    const streamed = await collect(model);
    expect(streamed.at(-1)).toMatchObject({ kind: "finish" });
    const again = await collect(model);
    expect(again.map((event) => event.kind)).toEqual(["text-delta", "tool-call-delta", "tool-call", "finish"]);
    expect(resultText(await model.generate(ask))).toBe("words");
    expect(scripted.calls).toBe(1);
  });

  it("takes another request for another: tools, tool choice, temperature, format", async () => {
    const { scripted, model } = setUp(() => "x");
    const tools = [{ name: "t", description: "t", inputSchema: {} }] as const;
    const requests: ModelRequest[] = [
      ask,
      { ...ask, tools },
      { ...ask, tools, toolChoice: "none" },
      { ...ask, temperature: 0.5 },
      { ...ask, responseFormat: { kind: "json" } },
    ];
    for (const request of [...requests, ...requests]) await model.generate(request);
    expect(scripted.calls).toBe(requests.length);
  });

  it("does not mix models that share a cache", async () => {
    const cache = new MemoryModelCache();
    const models = ["a:1", "b:1"].map((name) =>
      wrapModel(new ScriptedModel([`from ${name}`], { name }), [cacheMiddleware({ cache })]),
    );
    const texts = await Promise.all(models.map(async (model) => resultText(await model.generate(ask))));
    expect(texts).toEqual(["from a:1", "from b:1"]);
  });

  it("keeps whole answers only", async () => {
    const { scripted, model } = setUp([reply.text("cut", { finishReason: "length" }), "whole"]);
    await model.generate(ask);
    expect(resultText(await model.generate(ask))).toBe("whole");
    expect(scripted.calls).toBe(2);
  });

  it("goes on without a cache that fails or holds rubbish, and says so", async () => {
    const rubbish = setUp(["x"], { get: () => '{"no":"result"}', set: () => {} });
    expect(resultText(await rubbish.model.generate(ask))).toBe("x");
    const down = new Error("down");
    const failing: ModelCache = { get: () => Promise.reject(down), set: () => Promise.reject(down) };
    const { model, errors } = setUp(["x"], failing);
    expect(resultText(await model.generate(ask))).toBe("x");
    expect(errors).toEqual([down, down]);
  });
});

describe("MemoryModelCache", () => {
  it("1: keeps the entries that were used last, and each only for its time", () => {
    const clock = new ManualClock();
    const cache = new MemoryModelCache({ maxEntries: 2, ttlMs: 100, clock });
    cache.set("a", "1");
    cache.set("b", "2");
    expect(cache.get("a")).toBe("1");
    cache.set("c", "3");
    expect([cache.get("a"), cache.get("b"), cache.get("c"), cache.size]).toEqual(["1", undefined, "3", 2]);
    clock.advance(100);
    expect([cache.get("a"), cache.size]).toEqual([undefined, 1]);
  });
});
