// A payer on each side; both look something up, and then ask before they pay. Every effect leaves a line in a file.
import { appendFileSync } from "node:fs";
import { AssistantAgent, DiGraphBuilder, GraphFlow, tool } from "troupe";
import { reply, ScriptedModel } from "troupe/testing";
import { z } from "zod";

const note = (line: string): void => appendFileSync("effects.txt", `${line}\n`);

const look = tool({
  name: "look",
  description: "Look an invoice up",
  input: z.object({ invoice: z.string() }),
  execute: ({ invoice }) => {
    note(`looked up ${invoice}`);
    return `${invoice} is correct`;
  },
});
const pay = tool({
  name: "pay",
  description: "Pay an invoice",
  input: z.object({ invoice: z.string() }),
  approval: true,
  execute: ({ invoice }) => {
    note(`paid ${invoice}`);
    return `${invoice} is paid`;
  },
});

const payer = (name: string, invoice: string): AssistantAgent =>
  new AssistantAgent({
    name,
    model: new ScriptedModel(({ messages }) => {
      const results = messages.filter((message) => message.role === "tool").length;
      if (results === 0) return reply.toolCall("look", { invoice });
      return results === 1 ? reply.toolCall("pay", { invoice }) : `${invoice} is done.`;
    }),
    tools: [look, pay],
  });

const left = payer("left", "invoice-1");
const right = payer("right", "invoice-2");
const clerk = new AssistantAgent({ name: "clerk", model: new ScriptedModel(() => "Both are done.") });
const builder = new DiGraphBuilder()
  .addNode(left)
  .addNode(right)
  .addNode(clerk)
  .addEdge(left, clerk)
  .addEdge(right, clerk);

export const team = new GraphFlow({
  name: "invoices",
  participants: builder.getParticipants(),
  graph: builder.build(),
});
