import { APICallError, type LanguageModelV4, type LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { type AiSdkModel, fromAiSdk, isAiSdkModel, toChatModel } from "@troupe/llm";
import { type ChatModelScenario, chatModelContract, ScriptedModel } from "@troupe/llm/testing";
import type { LanguageModelV2 } from "ai-sdk-provider-v2";
import type { LanguageModelV3 } from "ai-sdk-provider-v3";
import { declareContract } from "@troupe/core/testing";
import { describe, expect, it } from "vitest";
import { type FakeAnswer, fake, finish } from "./ai-sdk-fake.ts";

describe("which models are accepted", () => {
  it("takes any language model of specification v2, v3 and v4, by type", () => {
    const types = (v2: LanguageModelV2, v3: LanguageModelV3, v4: LanguageModelV4): AiSdkModel[] => [v2, v3, v4];
    expect(types).toBeTypeOf("function");
    expect(isAiSdkModel(fake({}))).toBe(true);
    expect(
      [null, "openai:gpt", {}, { ...fake({}), specificationVersion: "v1" }, new ScriptedModel([])].filter(isAiSdkModel),
    ).toEqual([]);
  });

  it("leaves chat models alone and names adapted ones by provider and id", () => {
    const scripted = new ScriptedModel(["x"]);
    expect(toChatModel(scripted)).toBe(scripted);
    expect(toChatModel(fake({}, { provider: "openai.responses", modelId: "gpt-5-mini" })).name).toBe(
      "openai:gpt-5-mini",
    );
  });

  it("knows capabilities by family and lets the program override them", () => {
    expect(fromAiSdk(fake({}, { provider: "openai.responses", modelId: "gpt-5-mini" })).capabilities).toMatchObject({
      contextWindow: 400_000,
      structuredOutput: "native",
      multipleSystemMessages: true,
    });
    expect(fromAiSdk(fake({}, { provider: "shop.chat", modelId: "own-1" })).capabilities).toMatchObject({
      contextWindow: null,
      structuredOutput: "json",
      multipleSystemMessages: false,
    });
    expect(fromAiSdk(fake({}), { capabilities: { contextWindow: 8192, vision: false } }).capabilities).toMatchObject({
      contextWindow: 8192,
      vision: false,
      tools: true,
    });
  });
});

describe("an adapted model keeps the chat model contract", () => {
  const call = (id: string, input: object) =>
    ({ type: "tool-call", toolCallId: id, toolName: "add", input: JSON.stringify(input) }) as const;
  const deltas = (text: string): LanguageModelV4StreamPart[] => [
    { type: "stream-start", warnings: [] },
    { type: "text-start", id: "0" },
    ...text.split(/(?<= )/).map((delta) => ({ type: "text-delta", id: "0", delta }) as const),
    { type: "text-end", id: "0" },
    finish,
  ];
  const toolFinish = { ...finish, finishReason: { unified: "tool-calls", raw: "tool_calls" } } as const;
  const one = [call("c1", { a: 20, b: 22 })];
  const two = [call("c1", { a: 1, b: 2 }), call("c2", { a: 3, b: 4 })];
  const answers: Record<ChatModelScenario, FakeAnswer> = {
    text: { content: [{ type: "text", text: "The answer is 42." }], parts: deltas("The answer is 42.") },
    "tool-call": { content: one, parts: [...one, toolFinish] },
    "parallel-tool-calls": { content: two, parts: [...two, toolFinish] },
    failure: { fail: new APICallError({ message: "busy", url: "u", requestBodyValues: {}, statusCode: 503 }) },
    silence: { hang: true },
  };
  declareContract(
    chatModelContract,
    { create: () => ({ createModel: async (scenario) => fromAiSdk(fake(answers[scenario])) }) },
    { test: it },
  );
});
