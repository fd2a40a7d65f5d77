// Three tiers: a triage agent, specialists with tools, and a person. Whoever has the customer hands over; a session is one customer.
import assert from "node:assert/strict";
import { AssistantAgent, type ModelRequest, Swarm, tool, UserProxyAgent } from "troupe";
import { reply, ScriptedModel } from "troupe/testing";
import { z } from "zod";

const orders = new Map([["1042", { item: "lamp", cents: 4_900, isRefunded: false }]]);

const refund = tool({
  name: "refund",
  description: "Pay an order back",
  input: z.object({ order: z.string() }),
  execute: ({ order }) => {
    const found = orders.get(order);
    if (found === undefined) throw new Error(`there is no order ${order}`); // the model reads it, and may ask again
    found.isRefunded = true;
    return `paid back ${found.cents} cents`;
  },
});

/** The last thing that was said to the agent. */
const heard = ({ messages }: ModelRequest): string => JSON.stringify(messages.at(-1)?.content);

const triage = new AssistantAgent({
  name: "triage",
  systemMessage: "Find out what the customer needs, and hand over to who can help.",
  model: new ScriptedModel((request) =>
    heard(request).includes("broken") ? reply.toolCall("transfer_to_refunds") : reply.toolCall("transfer_to_technical"),
  ),
  handoffs: ["refunds", "technical"],
});
const refunds = new AssistantAgent({
  name: "refunds",
  systemMessage: "Pay orders back. Anything above the rules goes to a person.",
  model: new ScriptedModel([
    reply.toolCall("refund", { order: "1024" }), // misheard
    reply.toolCall("refund", { order: "1042" }),
    "Order 1042 is paid back. Anything else?",
    reply.toolCall("transfer_to_person"),
    "I have noted it: a voucher of 20 euros.",
  ]),
  tools: [refund],
  handoffs: [
    { target: "person", description: "For wishes beyond a refund", message: "May I give a voucher of 20 euros?" },
  ],
});
const technical = new AssistantAgent({ name: "technical", model: new ScriptedModel([]) });
const person = new UserProxyAgent({ name: "person", description: "The shift leader" });

const support = new Swarm({ name: "support", participants: [triage, refunds, technical, person] });
const ada = support.session("customer-ada");

const first = await ada.run("My lamp arrived broken, order 1042.");
assert.equal(first.text, "Order 1042 is paid back. Anything else?");
assert.equal(first.stopReason.kind, "no-handoff"); // the customer's turn
assert.ok(orders.get("1042")?.isRefunded);

// The next run of the session goes on with the agent that has the customer. The person may take hours: the run rests meanwhile.
const escalated = ada.run("I want something for the trouble.");
const rest = await escalated;
assert.equal(rest.stopReason.kind, "input-required");
const [question] = rest.questions;
assert.ok(question);
await escalated.respond(question.id, "Yes, give the voucher.");
const end = await escalated.handle.result();
assert.equal(end.text, "I have noted it: a voucher of 20 euros.");
await support.close();

for (const { source, text } of [...first.messages, ...end.messages]) console.log(`${source}: ${text}`);
