// Agents pass a customer on with the whole conversation; answers say whom to reply to. `Swarm` does this as a team.
import assert from "node:assert/strict";
import { type ChatModel, defineAgent, defineEvent, InProcessRuntime, topicId, typeSubscription } from "troupe";
import { reply, ScriptedModel } from "troupe/testing";
import { z } from "zod";

const conversationSchema = z.array(z.object({ by: z.string(), text: z.string() }));
const UserTask = defineEvent("UserTask", z.object({ conversation: conversationSchema }));
const AgentAnswer = defineEvent("AgentAnswer", z.object({ replyTo: z.string(), conversation: conversationSchema }));

interface Desk {
  readonly model: ChatModel;
  /** Topics that this agent may pass a customer on to. */
  readonly delegates: readonly string[];
}

/** What the model says: words, or the topic it passes the customer on to. */
async function decide({ model, delegates }: Desk, text: string, signal: AbortSignal) {
  const { content } = await model.generate({
    messages: [{ role: "user", content: [{ kind: "text", text }] }],
    tools: delegates.map((topic) => ({
      name: `transfer_to_${topic}`,
      description: `Pass the customer on to ${topic}`,
      inputSchema: { type: "object", properties: {} },
    })),
    signal,
  });
  const call = content.find((part) => part.kind === "tool-call");
  const words = content.map((part) => (part.kind === "text" ? part.text : "")).join("");
  return { transfer: call?.toolName.replace("transfer_to_", "") ?? null, words };
}

const desk = (type: string, options: Desk) =>
  defineAgent({
    type,
    state: () => ({}),
    handlers: (on) => [
      on.event(UserTask, async ({ conversation }, context) => {
        const { transfer, words } = await context.step(
          "model",
          (step) => decide(options, JSON.stringify(conversation), step.signal),
          { idempotent: true },
        );
        const session = context.id.key;
        const next = [...conversation, { by: type, text: transfer === null ? words : `transferred to ${transfer}` }];
        if (transfer !== null) context.publish(UserTask({ conversation: next }), topicId(transfer, session));
        else context.publish(AgentAnswer({ replyTo: type, conversation: next }), topicId("user", session));
      }),
    ],
    subscriptions: [typeSubscription(type)],
  });

/** Answers whoever spoke last, as long as there is something to say. */
const customer = (answers: string[], log: string[]) =>
  defineAgent({
    type: "customer",
    state: () => ({}),
    handlers: (on) => [
      on.event(AgentAnswer, ({ replyTo, conversation }, context) => {
        log.push(`${replyTo}: ${conversation.at(-1)?.text ?? ""}`);
        const text = answers.shift();
        if (text === undefined) return;
        const next = [...conversation, { by: "customer", text }];
        context.publish(UserTask({ conversation: next }), topicId(replyTo, context.id.key));
      }),
    ],
    subscriptions: [typeSubscription("user")],
  });

export async function serveByHandoff(): Promise<string> {
  const log: string[] = [];
  const triage = new ScriptedModel([reply.toolCall("transfer_to_repair")]);
  const repair = new ScriptedModel(["Since when does it leak?", reply.toolCall("transfer_to_person")]);
  const agents = [
    desk("triage", { model: triage, delegates: ["sales", "repair"] }),
    desk("sales", { model: new ScriptedModel([]), delegates: ["triage"] }),
    desk("repair", { model: repair, delegates: ["triage", "person"] }),
    desk("person", { model: new ScriptedModel(["I send you a new one."]), delegates: [] }),
    customer(["Since Monday, and I want to talk to somebody."], log),
  ];
  const runtime = new InProcessRuntime();
  for (const agent of agents) await runtime.register(agent);
  const conversation = [{ by: "customer", text: "My bottle leaks." }];
  await runtime.publish(UserTask({ conversation }), topicId("triage", "session-1"));
  await runtime.idle();
  await runtime.close();
  assert.deepEqual(log, ["repair: Since when does it leak?", "person: I send you a new one."]);
  return log.join(" | ");
}
