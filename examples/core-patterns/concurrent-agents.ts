// One task for many, two kinds of tasks for two kinds of agents, and direct requests that are merged.
import assert from "node:assert/strict";
import { defineAgent, defineEvent, defineRequest, InProcessRuntime, topicId, typeSubscription } from "troupe";
import { z } from "zod";

const Task = defineEvent("Task", z.object({ name: z.string() }));
const Result = defineEvent("Result", z.object({ by: z.string(), text: z.string() }));
const Subtask = defineRequest("Subtask", z.object({ text: z.string() }), z.object({ text: z.string() }));
const Delegate = defineRequest("Delegate", z.object({ parts: z.array(z.string()) }), z.object({ text: z.string() }));

/** Works on whatever its topic brings, and publishes what came out. */
const processor = (type: string, topic: string) =>
  defineAgent({
    type,
    state: () => ({}),
    handlers: (on) => [
      on.event(Task, async ({ name }, context) => {
        const text = await context.step("work", async () => `${name} done`);
        context.publish(Result({ by: type, text }), topicId("results", "all"));
      }),
    ],
    subscriptions: [typeSubscription(topic)],
  });

const worker = defineAgent({
  type: "worker",
  state: () => ({}),
  handlers: (on) => [on.request(Subtask, ({ text }, context) => ({ text: `${context.id.key}: ${text}` }))],
});

/** Sends to two keys of one type at once, and waits for both. */
const delegator = defineAgent({
  type: "delegator",
  state: () => ({}),
  handlers: (on) => [
    on.request(Delegate, async ({ parts }, context) => {
      const answers = await Promise.all(
        parts.map((text, index) => context.send(Subtask({ text }), worker.id(`worker-${index}`))),
      );
      return { text: answers.map((answer) => answer.text).join(" + ") };
    }),
  ],
});

export async function askConcurrently(): Promise<string> {
  const results: string[] = [];
  const collector = defineAgent({
    type: "collector",
    state: () => ({}),
    handlers: (on) => [on.event(Result, ({ by, text }) => void results.push(`${by}: ${text}`))],
    subscriptions: [typeSubscription("results")],
  });
  const runtime = new InProcessRuntime();
  const agents = [
    processor("first", "everything"),
    processor("second", "everything"),
    processor("urgent", "urgent"),
    processor("normal", "normal"),
    worker,
    delegator,
    collector,
  ];
  for (const agent of agents) await runtime.register(agent);

  await runtime.publish(Task({ name: "inventory" }), topicId("everything", "all"));
  await runtime.publish(Task({ name: "fire" }), topicId("urgent", "all"));
  await runtime.publish(Task({ name: "mail" }), topicId("normal", "all"));
  const merged = await runtime.send(Delegate({ parts: ["left", "right"] }), delegator.id("one"));
  await runtime.idle();
  await runtime.close();
  assert.deepEqual(results.sort(), [
    "first: inventory done",
    "normal: mail done",
    "second: inventory done",
    "urgent: fire done",
  ]);
  assert.equal(merged.text, "worker-0: left + worker-1: right");
  return `${results.length} results, and ${merged.text}`;
}
