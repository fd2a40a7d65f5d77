import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { fromAiSdk, type ModelMessage } from "@troupe/llm";
import type { LanguageModelV2CallOptions, LanguageModelV2Prompt } from "ai-sdk-provider-v2";
import type { LanguageModelV3CallOptions, LanguageModelV3Prompt } from "ai-sdk-provider-v3";
import { describe, expect, it } from "vitest";
import { ask, fake } from "./ai-sdk-fake.ts";

describe("requests", () => {
  const history: ModelMessage[] = [
    { role: "system", content: "Be brief.", providerMetadata: { anthropic: { cacheControl: { type: "ephemeral" } } } },
    {
      role: "user",
      content: [
        { kind: "text", text: "Look" },
        { kind: "file", mediaType: "image/png", data: "AAAA" },
        { kind: "file", mediaType: "application/pdf", data: "https://x.test/a.pdf", fileName: "a.pdf" },
      ],
    },
    {
      role: "assistant",
      content: [
        { kind: "reasoning", text: "hm", providerMetadata: { lab: { signature: "s1" } } },
        { kind: "text", text: "Looking." },
        { kind: "tool-call", callId: "a", toolName: "t", arguments: '{"x":1}' },
        { kind: "tool-call", callId: "b", toolName: "t", arguments: '{"x":' },
        { kind: "tool-call", callId: "c", toolName: "t", arguments: "" },
        { kind: "tool-call", callId: "d", toolName: "t", arguments: "{}" },
      ],
    },
    {
      role: "tool",
      content: [
        {
          kind: "tool-result",
          callId: "a",
          toolName: "t",
          status: "ok",
          content: [{ kind: "json", value: { y: [1] } }],
        },
        {
          kind: "tool-result",
          callId: "b",
          toolName: "t",
          status: "error",
          content: [{ kind: "text", text: "bad JSON" }],
        },
        {
          kind: "tool-result",
          callId: "c",
          toolName: "t",
          status: "denied",
          content: [{ kind: "text", text: "not allowed" }],
        },
        {
          kind: "tool-result",
          callId: "d",
          toolName: "t",
          status: "ok",
          content: [
            { kind: "text", text: "see" },
            { kind: "file", mediaType: "image/png", data: "BBBB" },
          ],
        },
      ],
    },
  ];
  const promptFor = async (version: "v2" | "v3" | "v4") => {
    const model = fake({ content: [{ type: "text", text: "ok" }] }, { version });
    await fromAiSdk(model).generate({ messages: history });
    return model.calls[0]?.prompt;
  };

  it("become a v4 prompt, metadata and all", async () => {
    expect(await promptFor("v4")).toEqual([
      { role: "system", content: "Be brief.", providerOptions: { anthropic: { cacheControl: { type: "ephemeral" } } } },
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
          {
            type: "file",
            mediaType: "application/pdf",
            data: { type: "url", url: new URL("https://x.test/a.pdf") },
            filename: "a.pdf",
          },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "hm", providerOptions: { lab: { signature: "s1" } } },
          { type: "text", text: "Looking." },
          { type: "tool-call", toolCallId: "a", toolName: "t", input: { x: 1 } },
          { type: "tool-call", toolCallId: "b", toolName: "t", input: { invalidArguments: '{"x":' } },
          { type: "tool-call", toolCallId: "c", toolName: "t", input: {} },
          { type: "tool-call", toolCallId: "d", toolName: "t", input: {} },
        ],
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", toolCallId: "a", toolName: "t", output: { type: "json", value: { y: [1] } } },
          { type: "tool-result", toolCallId: "b", toolName: "t", output: { type: "error-text", value: "bad JSON" } },
          {
            type: "tool-result",
            toolCallId: "c",
            toolName: "t",
            output: { type: "execution-denied", reason: "not allowed" },
          },
          {
            type: "tool-result",
            toolCallId: "d",
            toolName: "t",
            output: {
              type: "content",
              value: [
                { type: "text", text: "see" },
                { type: "file", mediaType: "image/png", data: { type: "data", data: "BBBB" } },
              ],
            },
          },
        ],
      },
    ]);
  });

  it("become prompts of v2 and v3, whose files and denials have another form", async () => {
    const pdf = new URL("https://x.test/a.pdf");
    const v3User: LanguageModelV3Prompt[number] = {
      role: "user",
      content: [
        { type: "text", text: "Look" },
        { type: "file", mediaType: "image/png", data: "AAAA" },
        { type: "file", mediaType: "application/pdf", data: pdf, filename: "a.pdf" },
      ],
    };
    const v3 = await promptFor("v3");
    expect(v3?.[1]).toEqual(v3User);
    expect(v3?.[3]).toMatchObject({
      content: [
        {},
        {},
        { output: { type: "execution-denied", reason: "not allowed" } },
        {
          output: {
            type: "content",
            value: [
              { type: "text", text: "see" },
              { type: "image-data", mediaType: "image/png", data: "BBBB" },
            ],
          },
        },
      ],
    });
    const v2 = await promptFor("v2");
    const v2User: LanguageModelV2Prompt[number] = {
      role: "user",
      content: [
        { type: "text", text: "Look" },
        { type: "file", mediaType: "image/png", data: "AAAA" },
        { type: "file", mediaType: "application/pdf", data: pdf, filename: "a.pdf" },
      ],
    };
    expect(v2?.[1]).toEqual(v2User);
    expect(v2?.[3]).toMatchObject({
      content: [
        {},
        {},
        { output: { type: "error-text", value: "not allowed" } },
        {
          output: {
            type: "content",
            value: [
              { type: "text", text: "see" },
              { type: "media", mediaType: "image/png", data: "BBBB" },
            ],
          },
        },
      ],
    });
  });

  it("carry tools, choice, format, limits, headers and the signal", async () => {
    const model = fake({ content: [{ type: "text", text: "{}" }] });
    const inputSchema = { type: "object", properties: {} } as const;
    const signal = new AbortController().signal;
    await fromAiSdk(model).generate({
      ...ask,
      tools: [{ name: "t", description: "d", inputSchema, strict: true }],
      toolChoice: { toolName: "t" },
      responseFormat: { kind: "json", schema: { type: "object" }, name: "answer" },
      temperature: 0,
      topP: 0.5,
      maxOutputTokens: 7,
      stopSequences: ["X"],
      seed: 1,
      headers: { a: "b" },
      providerOptions: { lab: { effort: "low" } },
      signal,
    });
    const { prompt: _prompt, ...given } = model.calls[0] ?? { prompt: [] };
    const expected: Omit<LanguageModelV4CallOptions & LanguageModelV3CallOptions, "prompt"> = {
      tools: [{ type: "function", name: "t", description: "d", inputSchema, strict: true }],
      toolChoice: { type: "tool", toolName: "t" },
      responseFormat: { type: "json", schema: { type: "object" }, name: "answer" },
      temperature: 0,
      topP: 0.5,
      maxOutputTokens: 7,
      stopSequences: ["X"],
      seed: 1,
      headers: { a: "b" },
      providerOptions: { lab: { effort: "low" } },
      abortSignal: signal,
    };
    expect(given).toEqual(expected);
    const older = fake({ content: [] }, { version: "v2" });
    await fromAiSdk(older).generate({ ...ask, tools: [{ name: "t", description: "d", inputSchema, strict: true }] });
    const tools: LanguageModelV2CallOptions["tools"] = [{ type: "function", name: "t", description: "d", inputSchema }];
    expect(older.calls[0]?.tools).toEqual(tools);
  });

  it("say nothing about tools when there are none", async () => {
    const model = fake({ content: [] });
    await fromAiSdk(model).generate({ ...ask, tools: [], toolChoice: "required" });
    expect(Object.keys(model.calls[0] ?? {})).toEqual(["prompt"]);
  });

  it("pass the history gate with the rules of the provider", async () => {
    const model = fake({ content: [] }, { provider: "anthropic.messages", modelId: "claude-sonnet-4-5" });
    await fromAiSdk(model).generate({
      messages: [{ role: "assistant", content: [{ kind: "tool-call", callId: "x", toolName: "t", arguments: "{}" }] }],
    });
    expect(model.calls[0]?.prompt.map((message) => message.role)).toEqual(["user", "assistant", "tool"]);
  });
});
