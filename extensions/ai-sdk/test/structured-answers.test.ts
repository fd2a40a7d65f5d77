import { model, type ModelId, type ModelOptions } from "@troupe/ai-sdk";
import { directCall, structuredAnswer } from "@troupe/llm";
import { expect, it } from "vitest";
import { z } from "zod";

const Closed = z.object({ next: z.string() });
const WithOptional = z.object({ next: z.string(), reason: z.string().optional() });

/** What the provider's own package sends for an answer of a schema, in each form that it is asked for after refusals. */
async function bodiesFor(
  id: ModelId,
  schema: z.ZodType,
  options: Partial<ModelOptions> = {},
): Promise<readonly string[]> {
  const bodies: string[] = [];
  const chat = model(id, {
    apiKey: "k",
    baseUrl: "http://provider.test/v1",
    retry: false,
    ...options,
    fetch: async (_input, init) => {
      if (typeof init?.body === "string") bodies.push(init.body);
      return Response.json({ error: { message: "Unknown parameter", type: "invalid_request_error" } }, { status: 400 });
    },
  });
  const messages = [{ role: "user", content: [{ kind: "text", text: "Who is next?" }] }] as const;
  const answer = await structuredAnswer({ call: directCall(chat), model: chat, messages, schema });
  expect(answer).toMatchObject({ kind: "ended", outcome: { status: "failed", error: { code: "model.bad_request" } } });
  return bodies;
}

it.each([
  ["openai:gpt-5-mini", {}],
  ["openai:gpt-4.1", { api: "chat" }],
  ["azure:gpt-5-mini", {}],
] as const)(
  "%s holds a model strictly to a schema that allows it, and is not asked to where it would refuse",
  async (id, options) => {
    const [strict] = await bodiesFor(id, Closed, options);
    expect(strict).toContain('"strict":true');
    const [loose] = await bodiesFor(id, WithOptional, options);
    expect(loose).toContain('"strict":false');
    expect(loose).toContain("json_schema");
  },
);

it("asks in every way there is when a provider refuses, strictest first", async () => {
  const [native, tool, json, words, ...more] = await bodiesFor("openai:gpt-4.1", Closed, { api: "chat" });
  expect(JSON.parse(native ?? "")).toMatchObject({
    response_format: { type: "json_schema", json_schema: { name: "answer" } },
  });
  expect(JSON.parse(tool ?? "")).toMatchObject({ tool_choice: { function: { name: "answer" } } });
  expect(JSON.parse(json ?? "")).toMatchObject({ response_format: { type: "json_object" } });
  expect(words).toContain("JSON Schema");
  expect(words).not.toContain("response_format");
  expect(more).toEqual([]);
});
