import assert from "node:assert/strict";
import { jsonSchema, runToolCall, tool } from "@troupe/llm";

interface Conversion {
  readonly celsius: number;
}

const convert = tool({
  name: "to_fahrenheit",
  description: "Converts a temperature",
  input: jsonSchema<Conversion>({
    type: "object",
    properties: { celsius: { type: "number", minimum: -273.15 } },
    required: ["celsius"],
    additionalProperties: false,
  }),
  execute: ({ celsius }) => ({ fahrenheit: celsius * 1.8 + 32 }),
});

const { signal } = new AbortController();
const context = { signal, callId: "c", idempotencyKey: "k", progress: () => undefined };
const warm = await runToolCall(convert, '{"celsius":100}', context);
assert.deepEqual(warm.content, [{ kind: "json", value: { fahrenheit: 212 } }]);
const impossible = await runToolCall(convert, '{"celsius":-300}', context);
assert.equal(impossible.status, "error");
