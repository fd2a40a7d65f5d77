import assert from "node:assert/strict";
import { runToolCall, tool } from "@troupe/llm";
import { z } from "zod";

const orders = [
  { customer: "ada", item: "lamp" },
  { customer: "grace", item: "desk" },
];
const search = tool({
  name: "search_orders",
  description: "Find the orders of a customer",
  input: z.object({ customer: z.string().min(1) }),
  execute: ({ customer }) => orders.filter((order) => order.customer === customer.toLowerCase()),
});

const context = {
  signal: new AbortController().signal,
  callId: "call-1",
  idempotencyKey: "run-1/call-1",
  progress: () => undefined,
};
const found = await runToolCall(search, '{"customer":"Ada"}', context);
assert.equal(found.status, "ok");
const refused = await runToolCall(search, '{"customer":""}', context);
assert.equal(refused.status, "error");
assert.equal(refused.failure?.code, "tool.invalid_arguments");
