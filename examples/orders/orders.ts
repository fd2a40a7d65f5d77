import assert from "node:assert/strict";
import { openai } from "@ai-sdk/openai";
import {
  AssistantAgent,
  MaxMessageTermination,
  model,
  printRun,
  RoundRobinGroupChat,
  type RunEvent,
  TextMentionTermination,
  tool,
} from "troupe";
import { z } from "zod";

const orders = [
  { customer: "ada", month: "May", item: "lamp" },
  { customer: "ada", month: "June", item: "desk" },
  { customer: "bob", month: "May", item: "chair" },
];
const kinds: string[] = [];
const render = (event: RunEvent): void => void kinds.push(event.kind);

const search = tool({
  name: "search_orders",
  description: "Find the orders of a customer",
  input: z.object({ customer: z.string() }),
  execute: ({ customer }) => orders.filter((order) => order.customer === customer.toLowerCase()),
});
const clerk = new AssistantAgent({ name: "clerk", model: model("openai:gpt-5-mini"), tools: [search] });
const auditor = new AssistantAgent({
  name: "auditor",
  model: openai("gpt-5"),
  systemMessage: "Check the answer. Say APPROVE when right.",
});
const team = new RoundRobinGroupChat({
  name: "orders",
  participants: [clerk, auditor],
  termination: new TextMentionTermination("APPROVE", { sources: ["auditor"] }).or(new MaxMessageTermination(12)),
});

const result = await team.run("What did Ada order in May?");
console.log(result.text, result.stopReason.kind, result.usage.total);

const chat = team.session("ada"); // a conversation that goes on
await chat.run("What did Ada order in May?");
await printRun(chat.run("And in June?")); // rendered in the terminal
for await (const event of chat.run("And in July?")) render(event); // or watched as it happens

assert.match(result.messages.map((message) => message.text).join("\n"), /lamp/);
assert.equal(result.stopReason.kind, "condition");
assert.equal(result.usage.byModel["openai:gpt-5-mini"]?.calls, 2);
const words = (await chat.messages()).map((message) => `${message.source}: ${message.text}`).join("\n");
assert.match(words, /clerk: In June: desk/);
assert.match(words, /clerk: In July: nothing/);
assert.ok(kinds.includes("tool-call-finished") && kinds.includes("run-finished"));
await team.close();
