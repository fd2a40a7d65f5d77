import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { LLMock } from "@copilotkit/aimock";
import { model } from "@troupe/ai-sdk";
import { ConfigError, ModelError } from "@troupe/core";
import type { ChatModel, ModelEvent, ModelRequest, ModelRetry } from "@troupe/llm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peerModel, peers, startForeignServer, urlOf } from "./foreign-server.ts";

const ask: ModelRequest = { messages: [{ role: "user", content: [{ kind: "text", text: "Hi" }] }] };

async function collect(chat: ChatModel, request: ModelRequest = ask): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of chat.stream(request)) events.push(event);
  return events;
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => Promise.reject(new Error("it succeeded")),
    (error: unknown) => error,
  );
}

let server: LLMock;
beforeAll(async () => {
  server = await startForeignServer();
  const long = "All work and no play makes a long answer. ".repeat(50);
  server.on(
    { model: /-busy$/ },
    { error: { message: "Slow down.", type: "rate_limit_error" }, status: 429, retryAfter: 7 },
  );
  server.on(
    { model: /-once$/, sequenceIndex: 0 },
    { error: { message: "Slow down.", type: "rate_limit_error" }, status: 429, retryAfter: 0 },
  );
  server.on({ model: /-once$/ }, { content: "Now it works." });
  server.on({ model: /-broken$/ }, { error: { message: "We are sorry.", type: "server_error" }, status: 500 });
  server.on(
    { model: /-locked$/ },
    {
      error: { message: "Incorrect API key provided: sk-test-1234567890.", type: "authentication_error" },
      status: 401,
    },
  );
  server.on(
    { model: /-cut$/ },
    { content: long },
    { truncateAfterChunks: 12, streamingProfile: { ttft: 1, tps: 100 } },
  );
  server.on({ model: /-garbage$/ }, { content: long }, { chaos: { malformedRate: 1 } });
  server.on({ model: /-slow$/ }, { content: "Finally." }, { chaos: { latencyMs: 1500 } });
  server.on({ model: /-drip$/ }, { content: long }, { streamingProfile: { ttft: 1, tps: 20 } });
});
afterAll(() => server.stop());

describe.each(peers)("when $name fails", (peer) => {
  it("a rate limit is a typed error that says how long to wait, from generate and stream alike", async () => {
    const busy = peerModel({ server, peer }, "busy");
    for (const call of [() => busy.generate(ask), () => collect(busy)]) {
      const error = await failureOf(call());
      expect(error).toBeInstanceOf(ModelError);
      expect(error).toMatchObject({ code: "model.rate_limited", details: { status: 429, retryAfterMs: 7000 } });
    }
  });

  it("a rate limit that passes is waited for and not seen", async () => {
    const retries: ModelRetry[] = [];
    const retry = { baseDelayMs: 1, onRetry: (event: ModelRetry) => retries.push(event) };
    server.resetMatchCounts();
    const result = await peerModel({ server, peer }, "once", { retry }).generate(ask);
    expect(result.content).toMatchObject([{ kind: "text", text: "Now it works." }]);
    expect(retries).toMatchObject([{ attempt: 1, error: { code: "model.rate_limited" } }]);
  });

  it("a server fault, a refused key, and no server at all have codes of their own", async () => {
    expect(await failureOf(peerModel({ server, peer }, "broken").generate(ask))).toMatchObject({
      code: "model.server_error",
    });
    const locked = await failureOf(peerModel({ server, peer }, "locked").generate(ask));
    expect(locked).toMatchObject({ code: "model.unauthorized" });
    expect(String(locked)).not.toContain("1234567890");
    const nobody = peerModel({ server, peer }, "text", { baseUrl: "http://127.0.0.1:9/v1" });
    expect(await failureOf(nobody.generate(ask))).toMatchObject({ code: "model.network" });
  });

  it("a stream that is cut ends with a typed error after what there was, never as if it were complete", async () => {
    const events: ModelEvent[] = [];
    const reading = (async () => {
      for await (const event of peerModel({ server, peer }, "cut").stream(ask)) events.push(event);
    })();
    expect(await failureOf(reading)).toMatchObject({ code: "model.network" });
    expect(events.some((event) => event.kind === "text-delta")).toBe(true);
    expect(events.some((event) => event.kind === "finish")).toBe(false);
  });

  it("garbage is an invalid response", async () => {
    const garbage = peerModel({ server, peer }, "garbage");
    expect(await failureOf(garbage.generate(ask))).toMatchObject({ code: "model.invalid_response" });
    expect(await failureOf(collect(garbage))).toBeInstanceOf(ModelError);
  });

  it("a first byte that is late ends the call at its limit, in both forms", async () => {
    const started = performance.now();
    const slow = peerModel({ server, peer }, "slow", { timeouts: { firstByteMs: 100, totalMs: 200 } });
    expect(await failureOf(collect(slow))).toMatchObject({ code: "model.timeout", details: { limit: "firstByteMs" } });
    expect(await failureOf(slow.generate(ask))).toMatchObject({ code: "model.timeout", details: { limit: "totalMs" } });
    expect(performance.now() - started).toBeLessThan(2500);
  });

  it("an abort in the middle of a stream takes effect within 2.5 s, with the caller's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    let abortedAt = 0;
    const reading = (async () => {
      for await (const _event of peerModel({ server, peer }, "drip").stream({ ...ask, signal: controller.signal })) {
        if (abortedAt > 0) continue;
        abortedAt = performance.now();
        controller.abort(reason);
      }
    })();
    expect(await failureOf(reading)).toBe(reason);
    expect(performance.now() - abortedAt).toBeLessThan(2500);
  });
});

describe("the connection", () => {
  let plain: Server;
  const seen = { headers: {} as Record<string, unknown>, closed: 0 };
  beforeAll(async () => {
    plain = createServer((request, response) => {
      seen.headers = request.headers;
      response.on("close", () => (seen.closed += response.writableFinished ? 0 : 1));
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('data: {"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"}}]}\n\n');
    });
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => {
    plain.closeAllConnections();
    return new Promise((resolve) => plain.close(resolve));
  });
  const url = () => `http://127.0.0.1:${(plain.address() as AddressInfo).port}/v1`;

  it("carries the program's headers and is closed when the reader leaves", async () => {
    const chat = model("openai-compatible:own", { baseUrl: url(), headers: { "x-team": "orders" }, retry: false });
    for await (const event of chat.stream({ ...ask, headers: { "x-call": "1" } })) {
      expect(event).toMatchObject({ kind: "text-delta", delta: "Hel" });
      break;
    }
    expect(seen.headers).toMatchObject({ "x-team": "orders", "x-call": "1" });
    await expect.poll(() => seen.closed).toBe(1);
  });

  it("goes through the program's own fetch", async () => {
    const requested: string[] = [];
    const chat = model("openai-compatible:own", {
      baseUrl: "http://model.test/v1",
      retry: false,
      fetch: async (input) => {
        requested.push(urlOf(input));
        return Response.json({
          id: "1",
          choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "Hello" } }],
        });
      },
    });
    expect(await chat.generate(ask)).toMatchObject({
      content: [{ kind: "text", text: "Hello" }],
      usage: { estimated: true },
    });
    expect(requested).toEqual(["http://model.test/v1/chat/completions"]);
  });

  it("is never opened without a key", async () => {
    const chat = model("openai:gpt-5-mini", { env: {}, retry: false });
    const error = await failureOf(chat.generate(ask));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code: "config.missing_key", details: { variable: "OPENAI_API_KEY" } });
  });
});
