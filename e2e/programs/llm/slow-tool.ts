import assert from "node:assert/strict";
import { ToolLimiter, runToolCall, tool } from "@troupe/llm";
import { z } from "zod";

let running = 0;
let most = 0;
const slow = tool({
  name: "slow",
  description: "Takes its time",
  input: z.object({ n: z.number() }),
  concurrency: 2,
  execute: async ({ n }) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    return n * n;
  },
});

const limiter = new ToolLimiter();
const { signal } = new AbortController();
const outcomes = await Promise.all(
  [1, 2, 3, 4].map((n) =>
    runToolCall(slow, JSON.stringify({ n }), {
      signal,
      limiter,
      callId: `call-${n}`,
      idempotencyKey: `${n}`,
      progress: () => undefined,
    }),
  ),
);
assert.equal(most, 2);
assert.ok(outcomes.every((outcome) => outcome.status === "ok"));
