// A core agent with a tool loop, an answer that is data, and what it cost.
import assert from "node:assert/strict";
import { toolLoop } from "@troupe/llm";
import { defineAgent, defineRequest, InProcessRuntime, structuredAnswer, tool } from "troupe";
import { reply, ScriptedModel } from "troupe/testing";
import { z } from "zod";

const forecast = z.object({ celsius: z.number() });
const Ask = defineRequest("Ask", z.object({ city: z.string() }), forecast.extend({ tokens: z.number() }));

const weather = tool({
  name: "weather",
  description: "The weather of a city",
  input: z.object({ city: z.string() }),
  execute: ({ city }) => `${city}: 21 degrees`,
});
const model = new ScriptedModel([reply.toolCall("weather", { city: "Oslo" }), "It is 21 degrees.", '{"celsius": 21}']);

async function answer(city: string, signal: AbortSignal): Promise<{ celsius: number; tokens: number }> {
  const question = { role: "user", content: [{ kind: "text", text: `How warm is ${city}?` }] } as const;
  const loop = await toolLoop({ model, tools: [weather], messages: [question], signal });
  let tokens = loop.usage.inputTokens + loop.usage.outputTokens;
  const asData = { role: "user", content: [{ kind: "text", text: "As JSON, please." }] } as const;
  const found = await structuredAnswer({
    model,
    schema: forecast,
    messages: [question, ...loop.messages, asData],
    call: async (request) => {
      const result = await model.generate({ ...request, signal });
      tokens += result.usage.inputTokens + result.usage.outputTokens;
      return { status: "ok", result };
    },
  });
  if (found.kind !== "valid") throw new Error("the model gave no data");
  return { celsius: found.value.celsius, tokens };
}

const agent = defineAgent({
  type: "forecaster",
  state: () => ({}),
  handlers: (on) => [
    on.request(Ask, ({ city }, context) => context.step("answer", ({ signal }) => answer(city, signal))),
  ],
});

export async function useToolAgent(): Promise<string> {
  const runtime = new InProcessRuntime();
  await runtime.register(agent);
  const { celsius, tokens } = await runtime.send(Ask({ city: "Oslo" }), agent.id("one"));
  await runtime.close();
  assert.equal(celsius, 21);
  assert.ok(tokens > 0);
  return `${celsius} degrees for ${tokens} tokens`;
}
