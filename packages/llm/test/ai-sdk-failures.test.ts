import { APICallError, LoadAPIKeyError, TypeValidationError } from "@ai-sdk/provider";
import { ConfigError, ModelError } from "@troupe/core";
import { fromAiSdk } from "@troupe/llm";
import { describe, expect, it } from "vitest";
import { ask, fake } from "./ai-sdk-fake.ts";

describe("failures", () => {
  const apiError = (
    statusCode: number | undefined,
    more: { message?: string; headers?: Record<string, string>; body?: string; cause?: unknown } = {},
  ) =>
    new APICallError({
      message: more.message ?? "no",
      url: "https://x.test/v1?key=AIzaSecretSecretSecret",
      requestBodyValues: { messages: ["private"] },
      ...(statusCode !== undefined && { statusCode }),
      ...(more.headers !== undefined && { responseHeaders: more.headers }),
      ...(more.body !== undefined && { responseBody: more.body }),
      cause: more.cause,
    });
  const failure = async (error: unknown): Promise<ModelError> => {
    const clock = {
      now: () => Date.parse("2026-01-01T00:00:00Z"),
      monotonic: () => 0,
      setTimer: () => ({ cancel: () => {} }),
    };
    return fromAiSdk(fake({ fail: error }), { clock })
      .generate(ask)
      .then(
        () => Promise.reject(new Error("it succeeded")),
        (thrown: ModelError) => thrown,
      );
  };

  it.each([
    [apiError(401), "model.unauthorized"],
    [apiError(403), "model.unauthorized"],
    [apiError(404), "model.not_found"],
    [apiError(408), "model.timeout"],
    [apiError(400), "model.bad_request"],
    [apiError(400, { message: "This model's maximum context length is 8192 tokens" }), "model.context_overflow"],
    [apiError(400, { body: '{"error":{"code":"context_length_exceeded"}}' }), "model.context_overflow"],
    [apiError(413), "model.context_overflow"],
    [apiError(429), "model.rate_limited"],
    [apiError(429, { body: '{"error":{"code":"insufficient_quota"}}' }), "model.quota_exhausted"],
    [apiError(500), "model.server_error"],
    [apiError(503), "model.overloaded"],
    [apiError(529), "model.overloaded"],
    [apiError(200, { message: "Invalid JSON response" }), "model.invalid_response"],
    [apiError(undefined, { message: "Cannot connect to API" }), "model.network"],
    [
      apiError(undefined, { cause: { code: "UND_ERR_HEADERS_TIMEOUT", message: "Headers Timeout Error" } }),
      "model.timeout",
    ],
    [apiError(200, { cause: new TypeError("terminated") }), "model.network"],
    [new TypeValidationError({ value: 1, cause: new Error("x") }), "model.invalid_response"],
    [new DOMException("late", "TimeoutError"), "model.timeout"],
    [new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } }), "model.network"],
    [new TypeError("x is not a function"), "model.failed"],
    ["what?", "model.failed"],
  ])("%s is %s", async (error, code) => {
    const thrown = await failure(error);
    expect(thrown).toBeInstanceOf(ModelError);
    expect(thrown.code).toBe(code);
    expect(thrown.remedy).not.toBe("");
  });

  it("say how long to wait, in every form providers use", async () => {
    const wait = async (headers: Record<string, string>, body?: string) =>
      (await failure(apiError(429, { headers, ...(body !== undefined && { body }) }))).details?.["retryAfterMs"];
    expect(await wait({ "retry-after": "2" })).toBe(2000);
    expect(await wait({ "retry-after": "0.5" })).toBe(500);
    expect(await wait({ "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" })).toBe(30_000);
    expect(await wait({ "retry-after-ms": "125", "retry-after": "9" })).toBe(125);
    expect(await wait({}, '{"error":{"details":[{"retryDelay":"34s"}]}}')).toBe(34_000);
    expect(await wait({ "retry-after": "soon" })).toBeUndefined();
  });

  it("never repeat a key, an URL or the request", async () => {
    const thrown = await failure(
      apiError(401, { message: "Incorrect API key provided: sk-proj-abcdefgh1234. Bearer abcdefghijk" }),
    );
    const everything = JSON.stringify([
      thrown.message,
      thrown.remedy,
      thrown.details,
      String(thrown.cause),
      Object.getOwnPropertyNames(thrown.cause),
    ]);
    expect(everything).not.toMatch(/abcdefgh|AIza|private/);
    expect(thrown.message).toContain("[redacted]");
  });

  it("name the missing key as a configuration error", async () => {
    const thrown = await failure(
      new LoadAPIKeyError({
        message:
          "OpenAI API key is missing. Pass it using the 'apiKey' parameter or the OPENAI_API_KEY environment variable.",
      }),
    );
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({ code: "config.missing_key" });
    expect(thrown.message).toContain("OPENAI_API_KEY");
  });
});
