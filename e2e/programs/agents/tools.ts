import assert from "node:assert/strict";
import { AssistantAgent, tool } from "troupe";
import { ScriptedModel, reply } from "troupe/testing";
import { z } from "zod";

const orders = [
  { customer: "ada", month: "May", item: "lamp" },
  { customer: "ada", month: "June", item: "desk" },
];
const search = tool({
  name: "search_orders",
  description: "Find the orders of a customer",
  input: z.object({ customer: z.string(), month: z.string().optional() }),
  execute: ({ customer, month }) =>
    orders.filter((order) => order.customer === customer && (month === undefined || order.month === month)),
});
const model = new ScriptedModel([
  reply.toolCalls([
    { name: "search_orders", arguments: { customer: "ada", month: "May" } },
    { name: "search_orders", arguments: { customer: "bob" } },
  ]),
  "Ada ordered a lamp, Bob nothing.",
]);
const clerk = new AssistantAgent({ name: "clerk", model, tools: [search], maxToolIterations: 3 });
const result = await clerk.run("What did Ada and Bob order in May?");
assert.equal(result.text, "Ada ordered a lamp, Bob nothing.");
const answered = model.requests[1]?.messages.filter((message) => message.role === "tool") ?? [];
assert.equal(answered.flatMap((message) => message.content).length, 2);
