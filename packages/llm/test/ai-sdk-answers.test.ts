import { fromAiSdk, type ModelMessage } from "@troupe/llm";
import { describe, expect, it } from "vitest";
import { ask, fake, usage } from "./ai-sdk-fake.ts";

describe("answers", () => {
  it("keep reasoning, text, calls, files and the provider's opaque fields in order", async () => {
    const meta = { lab: { signature: "s" } };
    const content = [
      { type: "reasoning", text: "hm", providerMetadata: meta },
      { type: "text", text: "Hello", providerMetadata: { lab: { itemId: "i" } } },
      { type: "tool-call", toolCallId: "c", toolName: "t", input: '{"a":1}', providerMetadata: meta },
      { type: "file", mediaType: "image/png", data: { type: "data", data: new Uint8Array([1, 2, 3]) } },
      { type: "source", sourceType: "url", id: "1", url: "https://x.test" },
      { type: "tool-call", toolCallId: "p", toolName: "web_search", input: "{}", providerExecuted: true },
      { type: "tool-result", toolCallId: "p", toolName: "web_search", result: {} },
    ];
    const answer = await fromAiSdk(
      fake({
        content,
        more: {
          providerMetadata: { lab: { tier: "x" } },
          response: { modelId: "m1-2026" },
          warnings: [{ type: "unsupported", feature: "seed", details: "Ignored." }],
        },
      }),
    ).generate(ask);
    expect(answer.content).toEqual([
      { kind: "reasoning", text: "hm", providerMetadata: meta },
      { kind: "text", text: "Hello", providerMetadata: { lab: { itemId: "i" } } },
      { kind: "tool-call", callId: "c", toolName: "t", arguments: '{"a":1}', providerMetadata: meta },
      { kind: "file", mediaType: "image/png", data: "AQID" },
    ]);
    expect(answer).toMatchObject({
      modelId: "m1-2026",
      finishReason: "tool-calls",
      warnings: [
        'The model does not support "seed". Ignored.',
        'The provider ran its own tool "web_search"; that call is not kept.',
      ],
      providerMetadata: { lab: { tier: "x" }, troupe: { sources: [{ url: "https://x.test" }] } },
    });
  });

  it("come back word for word with the next request", async () => {
    const content = [
      { type: "reasoning", text: "hm", providerMetadata: { lab: { signature: "s" } } },
      { type: "text", text: "Hello", providerMetadata: { lab: { itemId: "i" } } },
    ];
    const model = fake({ content });
    const first = await fromAiSdk(model).generate(ask);
    await fromAiSdk(model).generate({
      messages: [...ask.messages, { role: "assistant", content: first.content }, ...ask.messages],
    });
    expect(model.calls[1]?.prompt[1]).toEqual({
      role: "assistant",
      content: content.map(({ providerMetadata, ...part }) => ({ ...part, providerOptions: providerMetadata })),
    });
  });

  it("report usage of v4, of v2 with its parts apart, and estimates where there is none", async () => {
    const usageOf = async (version: "v2" | "v4", reported: unknown) =>
      (
        await fromAiSdk(
          fake({ content: [{ type: "text", text: "four" }], more: { usage: reported } }, { version }),
        ).generate(ask)
      ).usage;
    expect(await usageOf("v4", usage)).toEqual({
      inputTokens: 10,
      outputTokens: 5,
      cachedInputTokens: 4,
      reasoningTokens: 2,
      estimated: false,
    });
    expect(
      await usageOf("v2", {
        inputTokens: 10,
        outputTokens: 5,
        totalTokens: 15,
        cachedInputTokens: 4,
        reasoningTokens: 2,
      }),
    ).toEqual({ inputTokens: 10, outputTokens: 5, cachedInputTokens: 4, reasoningTokens: 2, estimated: false });
    expect(
      await usageOf("v2", { inputTokens: 10, outputTokens: 5, totalTokens: 17, reasoningTokens: 2 }),
    ).toMatchObject({ outputTokens: 7 });
    expect(
      await usageOf("v2", { inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: 90 }),
    ).toMatchObject({ inputTokens: 100 });
    const zeros = { inputTokens: { total: 0 }, outputTokens: { total: 0 } };
    expect(await usageOf("v4", zeros)).toMatchObject({ inputTokens: 4, outputTokens: 1, estimated: true });
    expect(await usageOf("v4", undefined)).toEqual({
      inputTokens: 4,
      outputTokens: 1,
      cachedInputTokens: 0,
      reasoningTokens: 0,
      estimated: true,
    });
  });

  it.each([
    ["v2", "unknown", "unknown"],
    ["v2", "length", "length"],
    ["v3", { unified: "content-filter", raw: "x" }, "content-filter"],
    ["v4", { unified: "other", raw: "x" }, "other"],
  ] as const)("of %s that stop with %o stop with %s", async (version, finishReason, expected) => {
    expect((await fromAiSdk(fake({ more: { finishReason } }, { version })).generate(ask)).finishReason).toBe(expected);
  });

  it("give calls distinct ids when a server repeats or omits them", async () => {
    const content = [
      { type: "tool-call", toolCallId: "call_0", toolName: "t", input: "{}" },
      { type: "tool-call", toolCallId: "call_0", toolName: "t", input: { a: 1 } },
      { type: "tool-call", toolName: "t", input: "" },
    ];
    const history: ModelMessage[] = [
      ...ask.messages,
      { role: "assistant", content: [{ kind: "tool-call", callId: "call_0", toolName: "t", arguments: "{}" }] },
    ];
    const answer = await fromAiSdk(fake({ content })).generate({ messages: history });
    expect(answer.content).toMatchObject([
      { callId: "call_0-2" },
      { callId: "call_0-3", arguments: '{"a":1}' },
      { callId: "call", arguments: "" },
    ]);
  });

  it("prefer the text that the provider marks as the structured one", async () => {
    const answer = await fromAiSdk(
      fake({ content: [{ type: "text", text: "draft {}" }], more: { structuredOutputText: '{"a":1}' } }),
    ).generate(ask);
    expect(answer.structuredText).toBe('{"a":1}');
  });
});
