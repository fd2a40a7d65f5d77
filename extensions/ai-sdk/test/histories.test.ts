import { model, type ModelId, type ModelOptions } from "@troupe/ai-sdk";
import type { ModelMessage } from "@troupe/llm";
import { describe, expect, it } from "vitest";
import { randomHistory } from "./random-history.ts";
import {
  validateAnthropicBody,
  validateChatBody,
  validateGoogleBody,
  validateMistralBody,
  validateResponsesBody,
  type WireValidator,
} from "./wire-validators.ts";

interface Wire {
  readonly id: ModelId;
  readonly validate: WireValidator;
  readonly options?: ModelOptions;
}

const wires: readonly Wire[] = [
  { id: "openai:gpt-5-mini", validate: validateResponsesBody },
  { id: "openai:gpt-4.1", validate: validateChatBody, options: { api: "chat" } },
  { id: "anthropic:claude-sonnet-4-5", validate: validateAnthropicBody },
  { id: "google:gemini-2.5-flash", validate: validateGoogleBody },
  { id: "mistral:mistral-small", validate: validateMistralBody },
  { id: "bedrock:anthropic.claude-sonnet-4-5", validate: validateAnthropicBody },
  { id: "openai-compatible:own", validate: validateChatBody },
];

/** The body that the provider's own package would send for a history. */
async function bodyFor(wire: Wire, messages: readonly ModelMessage[]): Promise<Record<string, unknown>> {
  let body: unknown;
  const chat = model(wire.id, {
    apiKey: "k",
    baseUrl: "http://provider.test/v1",
    retry: false,
    ...wire.options,
    fetch: async (_input, init) => {
      if (typeof init?.body === "string") body = JSON.parse(init.body);
      return new Response("{}", { status: 418 });
    },
  });
  const tools = [
    {
      name: "look_up",
      description: "Looks up.",
      inputSchema: { type: "object", properties: { x: { type: "number" } } },
    },
  ] as const;
  const error: unknown = await chat.generate({ messages, tools }).catch((thrown: unknown) => thrown);
  // The teapot is our own answer: anything else means that the package refused the history.
  expect(error).toMatchObject({ details: { status: 418 } });
  return body as Record<string, unknown>;
}

describe.each(wires)("$id", (wire) => {
  it("gets a request that its API accepts, whatever happened to the history", async () => {
    for (let seed = 1; seed <= 400; seed += 1) {
      const history = randomHistory(seed);
      if (history.length === 0) continue;
      const body = await bodyFor(wire, history);
      expect(wire.validate(body), `seed ${seed}: ${JSON.stringify(history)}`).toEqual([]);
    }
  });
});

it("the wire validators find what they look for", () => {
  const call = { role: "assistant", tool_calls: [{ id: "a", function: { arguments: "{" } }] };
  expect(validateChatBody({ messages: [call, { role: "user", content: "" }] })).toHaveLength(3);
  expect(
    validateResponsesBody({
      input: [{ type: "function_call", call_id: "a" }, { type: "reasoning" }, { role: "user" }],
    }),
  ).toHaveLength(2);
  expect(
    validateAnthropicBody({
      messages: [
        { role: "assistant", content: [{ type: "tool_use", id: "a" }] },
        { role: "user", content: [{ text: "hi" }] },
      ],
    }),
  ).toHaveLength(2);
  expect(validateGoogleBody({ contents: [{ role: "model", parts: [{ functionCall: {} }] }] })).toHaveLength(3);
});
