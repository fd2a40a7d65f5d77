// Agents with a topic each: what one has made it publishes to the next.
import assert from "node:assert/strict";
import { type ChatModel, defineAgent, defineEvent, InProcessRuntime, topicId, typeSubscription } from "troupe";
import { ScriptedModel } from "troupe/testing";
import { z } from "zod";
import { ask } from "./words.ts";

const Work = defineEvent("Work", z.object({ text: z.string() }));

const station = (type: string, options: { instruction: string; model: ChatModel; next: string }) =>
  defineAgent({
    type,
    state: () => ({}),
    handlers: (on) => [
      on.event(Work, async ({ text }, context) => {
        const prompt = { system: options.instruction, text };
        const made = await context.step("model", (step) => ask(options.model, prompt, step.signal), {
          idempotent: true,
        });
        context.publish(Work({ text: made }), topicId(options.next, context.id.key));
      }),
    ],
    subscriptions: [typeSubscription(type)],
  });

/** A model that says one thing when it has read another. */
const answers = (read: string, said: string): ChatModel =>
  new ScriptedModel(({ messages }) => (JSON.stringify(messages.at(-1)).includes(read) ? said : "I do not understand"));

export async function writeInSequence(): Promise<string> {
  const received: string[] = [];
  const customer = defineAgent({
    type: "customer",
    state: () => ({}),
    handlers: (on) => [on.event(Work, ({ text }) => void received.push(text))],
    subscriptions: [typeSubscription("customer")],
  });
  const runtime = new InProcessRuntime();
  const extractor = answers("steel bottle", "keeps cold for 24 h; for hikers");
  const writer = answers("24 h", "A bottle that stay cold all day on every trail");
  const editor = answers("stay cold", "Cold all day, on every trail.");
  await runtime.register(station("extractor", { instruction: "List the features.", model: extractor, next: "writer" }));
  await runtime.register(station("writer", { instruction: "Advertise it.", model: writer, next: "editor" }));
  await runtime.register(station("editor", { instruction: "Correct the style.", model: editor, next: "customer" }));
  await runtime.register(customer);
  await runtime.publish(Work({ text: "An eco-friendly steel bottle" }), topicId("extractor", "bottle"));
  await runtime.idle();
  await runtime.close();
  assert.deepEqual(received, ["Cold all day, on every trail."]);
  return received.join();
}
