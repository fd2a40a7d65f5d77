// A group chat made of messages: everybody hears the shared topic, a manager asks one of them to speak. `SelectorGroupChat` does all of this.
import assert from "node:assert/strict";
import {
  agentId,
  type ChatModel,
  defineAgent,
  defineEvent,
  InProcessRuntime,
  jsonSchema,
  tool,
  topicId,
  typeSubscription,
} from "troupe";
import { reply, ScriptedModel } from "troupe/testing";
import { z } from "zod";
import { ask } from "./words.ts";

const Said = defineEvent("Said", z.object({ by: z.string(), text: z.string() }));
const Speak = defineEvent("Speak", z.object({}));

const speaker = (type: string, answer: (heard: string, signal: AbortSignal) => Promise<string>) =>
  defineAgent({
    type,
    state: () => ({}),
    lists: { heard: z.string() },
    handlers: (on) => [
      on.event(Said, ({ by, text }, context) => context.lists.heard.append(`${by}: ${text}`)),
      on.event(Speak, async (_payload, context) => {
        const heard = (await context.lists.heard.read()).join("\n");
        const text = await context.step("answer", (step) => answer(heard, step.signal), { idempotent: true });
        context.lists.heard.append(`${type}: ${text}`);
        context.publish(Said({ by: type, text }), topicId("chat", context.id.key));
      }),
    ],
    subscriptions: [typeSubscription("chat")],
  });

/** Picks who is next; never the same twice running; ends when the user approves. */
const manager = (model: ChatModel, names: readonly string[]) =>
  defineAgent({
    type: "manager",
    state: () => ({ isOver: false }),
    lists: { heard: z.string() },
    handlers: (on) => [
      on.event(Said, async ({ by, text }, context) => {
        context.lists.heard.append(`${by}: ${text}`);
        if (by === "user" && text.includes("APPROVE")) context.state.isOver = true;
        if (context.state.isOver) return;
        const candidates = names.filter((name) => name !== by);
        const prompt = {
          system: `Who is next? One of ${candidates.join(", ")}.`,
          text: (await context.lists.heard.read()).join("\n"),
        };
        const chosen = await context.step("choose", (step) => ask(model, prompt, step.signal), { idempotent: true });
        const next = candidates.find((name) => chosen.includes(name)) ?? candidates[0] ?? "user";
        context.tell(Speak({}), agentId(next, context.id.key));
      }),
    ],
    subscriptions: [typeSubscription("chat")],
  });

const draw = tool({
  name: "draw",
  description: "Draws a picture",
  input: jsonSchema<{ of: string }>({ type: "object", properties: { of: { type: "string" } }, required: ["of"] }),
  execute: ({ of }) => `<picture of ${of}>`,
});

/** Its model has no choice but to call the tool. */
async function illustrate(model: ChatModel, heard: string, signal: AbortSignal): Promise<string> {
  const { content } = await model.generate({
    messages: [{ role: "user", content: [{ kind: "text", text: heard }] }],
    tools: [draw.declaration],
    toolChoice: { toolName: "draw" },
    signal,
  });
  const call = content.find((part) => part.kind === "tool-call");
  const { of } = z.object({ of: z.string() }).parse(JSON.parse(call?.arguments ?? "{}"));
  const callId = call?.callId ?? "";
  return String(draw.execute({ of }, { signal, callId, idempotencyKey: callId, progress: () => {} }));
}

export async function chatAsGroup(): Promise<string> {
  const spoken: string[] = [];
  const artist = new ScriptedModel([reply.toolCall("draw", { of: "a fox" })]);
  const writer = new ScriptedModel(["Once there was a fox."]);
  const answers = {
    writer: (text: string, signal: AbortSignal) => ask(writer, { system: "You write.", text }, signal),
    illustrator: (text: string, signal: AbortSignal) => illustrate(artist, text, signal),
    user: async () => "APPROVE",
  };
  const screen = defineAgent({
    type: "screen",
    state: () => ({}),
    handlers: (on) => [on.event(Said, ({ by, text }) => void spoken.push(`${by}: ${text}`))],
    subscriptions: [typeSubscription("chat")],
  });
  const runtime = new InProcessRuntime();
  for (const [name, answer] of Object.entries(answers)) await runtime.register(speaker(name, answer));
  await runtime.register(manager(new ScriptedModel(["writer", "illustrator", "user"]), Object.keys(answers)));
  await runtime.register(screen);
  await runtime.publish(Said({ by: "user", text: "A story with a picture, please." }), topicId("chat", "one"));
  await runtime.idle();
  await runtime.close();
  assert.deepEqual(spoken.slice(1), [
    "writer: Once there was a fox.",
    "illustrator: <picture of a fox>",
    "user: APPROVE",
  ]);
  return spoken.slice(1).join(" | ");
}
