import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { fromAiSdk } from "@troupe/llm";
import { describe, expect, it } from "vitest";
import { ask, collect, fake, finish, result } from "./ai-sdk-fake.ts";
import { countListeners } from "./count-listeners.ts";

describe("streams", () => {
  it("tell deltas, calls and the whole, however the parts are interleaved", async () => {
    const parts: LanguageModelV4StreamPart[] = [
      { type: "stream-start", warnings: [{ type: "other", message: "Careful." }] },
      { type: "response-metadata", modelId: "m1-2026" },
      { type: "reasoning-start", id: "r", providerMetadata: { lab: { itemId: "r1" } } },
      { type: "reasoning-delta", id: "r", delta: "h" },
      { type: "text-start", id: "t" },
      { type: "ping" },
      { type: "reasoning-delta", id: "r", delta: "m" },
      { type: "text-delta", id: "t", delta: "Hel" },
      { type: "reasoning-end", id: "r", providerMetadata: { lab: { signature: "s" } } },
      { type: "tool-input-start", id: "c", toolName: "t" },
      { type: "tool-input-delta", id: "c", delta: '{"a"' },
      { type: "text-delta", id: "t", delta: "lo" },
      { type: "tool-input-delta", id: "c", delta: ":1}" },
      { type: "tool-input-end", id: "c" },
      { type: "text-end", id: "t" },
      { type: "tool-call", toolCallId: "c", toolName: "t", input: '{"a":1}' },
      { ...finish, finishReason: { unified: "stop", raw: "stop" }, providerMetadata: { lab: { tier: "x" } } },
    ];
    const events = await collect(fromAiSdk(fake({ parts })));
    const call = { kind: "tool-call", callId: "c", toolName: "t", arguments: '{"a":1}' };
    expect(events.slice(0, -1)).toEqual([
      { kind: "reasoning-delta", partId: "reasoning-r", delta: "h" },
      { kind: "reasoning-delta", partId: "reasoning-r", delta: "m" },
      { kind: "text-delta", partId: "text-t", delta: "Hel" },
      { kind: "tool-call-delta", callId: "c", toolName: "t", delta: '{"a"' },
      { kind: "text-delta", partId: "text-t", delta: "lo" },
      { kind: "tool-call-delta", callId: "c", toolName: "t", delta: ":1}" },
      { kind: "tool-call", call },
    ]);
    expect(result(events)).toEqual({
      content: [
        { kind: "reasoning", text: "hm", providerMetadata: { lab: { itemId: "r1", signature: "s" } } },
        { kind: "text", text: "Hello" },
        call,
      ],
      finishReason: "tool-calls",
      usage: { inputTokens: 10, outputTokens: 5, cachedInputTokens: 4, reasoningTokens: 2, estimated: false },
      warnings: ["Careful."],
      modelId: "m1-2026",
      providerMetadata: { lab: { tier: "x" } },
    });
  });

  it("that end too early are network errors", async () => {
    const text: LanguageModelV4StreamPart[] = [
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: "Hel" },
    ];
    await expect(collect(fromAiSdk(fake({ parts: text })))).rejects.toMatchObject({ code: "model.network" });
    await expect(
      collect(
        fromAiSdk(fake({ parts: [...text, { ...finish, finishReason: { unified: "interrupted", raw: undefined } }] })),
      ),
    ).rejects.toMatchObject({ code: "model.network" });
  });

  it("that end without a reason and without a count are not taken for complete", async () => {
    const text: LanguageModelV4StreamPart[] = [
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: "Hel" },
    ];
    const none = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined };
    const unattested = {
      ...finish,
      finishReason: { unified: "other", raw: undefined },
      usage: { inputTokens: none, outputTokens: { ...none, text: undefined, reasoning: undefined } },
    } as const;
    await expect(collect(fromAiSdk(fake({ parts: [...text, unattested] })))).rejects.toMatchObject({
      code: "model.network",
    });
    const counted = { ...unattested, usage: finish.usage };
    expect(result(await collect(fromAiSdk(fake({ parts: [...text, counted] })))).finishReason).toBe("other");
  });

  it("that bring an error fail with it", async () => {
    const parts: LanguageModelV4StreamPart[] = [
      { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    ];
    await expect(collect(fromAiSdk(fake({ parts })))).rejects.toMatchObject({ code: "model.overloaded" });
  });

  it("are cancelled when the reader leaves", async () => {
    const model = fake({
      parts: [
        { type: "text-start", id: "t" },
        { type: "text-delta", id: "t", delta: "a" },
        { type: "text-delta", id: "t", delta: "b" },
      ],
      hang: true,
    });
    for await (const _event of fromAiSdk(model).stream(ask)) break;
    expect(model.state.cancelled).toBe(true);
  });

  it("end at once with the signal's reason, and leave no listener", async () => {
    const model = fake({
      parts: [
        { type: "text-start", id: "t" },
        { type: "text-delta", id: "t", delta: "a" },
      ],
      hang: true,
    });
    const controller = new AbortController();
    const listeners = countListeners(controller.signal);
    const reading = (async () => {
      for await (const _event of fromAiSdk(model).stream({ ...ask, signal: controller.signal }))
        controller.abort("enough");
    })();
    await expect(reading).rejects.toBe("enough");
    expect(model.state.cancelled).toBe(true);
    expect(listeners.count).toBe(0);
  });
});
