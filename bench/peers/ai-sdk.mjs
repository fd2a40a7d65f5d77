// Vercel AI SDK: one call, tool loops and streams with its own mock model, which our side uses too.
import { generateText, jsonSchema, isStepCount, tool } from "ai";
import { MockLanguageModelV4 } from "ai/test";

const usage = {
  inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 5, text: 5, reasoning: 0 },
};

/** A mock model that calls `add` in each of its first answers, then says "done"; the next run is answered alike. */
export function mockModel(rounds) {
  let calls = 0;
  const model = new MockLanguageModelV4();
  // Set here, not given to the constructor: that would keep every prompt for ever, and the memory of it is not what is measured.
  model.doGenerate = async () => {
    if (calls === rounds) {
      calls = 0;
      return answer([{ type: "text", text: "done" }], "stop");
    }
    calls += 1;
    const input = JSON.stringify({ a: calls, b: 1 });
    return answer([{ type: "tool-call", toolCallId: `call-${calls}`, toolName: "add", input }], "tool-calls");
  };
  return model;
}

function answer(content, unified) {
  return { content, finishReason: { unified, raw: undefined }, usage, warnings: [] };
}

const schema = {
  type: "object",
  properties: { a: { type: "number" }, b: { type: "number" } },
  required: ["a", "b"],
  additionalProperties: false,
};

const add = tool({
  description: "Adds two numbers",
  inputSchema: jsonSchema(schema, {
    validate: (value) => ({ success: typeof value.a === "number" && typeof value.b === "number", value }),
  }),
  execute: async ({ a, b }) => ({ sum: a + b }),
});

/** One question, one answer. */
export async function ask(model, prompt) {
  const { text } = await generateText({ model, prompt });
  return text;
}

/** A tool loop until the model answers in words; the number of steps. */
export async function askWithTools(model, rounds) {
  const { text, steps } = await generateText({
    model,
    prompt: "Add.",
    tools: { add },
    stopWhen: isStepCount(rounds + 1),
  });
  return { text, steps: steps.length };
}
