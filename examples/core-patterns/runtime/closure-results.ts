// Results leave a runtime through an agent that is a closure over the program's own variables.
import assert from "node:assert/strict";
import { defineAgent, defineEvent, InProcessRuntime, topicId, typeSubscription } from "troupe";
import { z } from "zod";

const Task = defineEvent("Task", z.object({ text: z.string() }));
const Final = defineEvent("Final", z.object({ value: z.string() }));

const worker = defineAgent({
  type: "worker",
  state: () => ({}),
  handlers: (on) => [
    on.event(Task, ({ text }, context) => {
      context.publish(Final({ value: text.toUpperCase() }), topicId("results", "all"));
    }),
  ],
  subscriptions: [typeSubscription("tasks")],
});

export async function answerFromClosure(): Promise<string> {
  const results: string[] = [];
  const { promise: all, resolve: finish } = Promise.withResolvers<void>();
  const closure = defineAgent({
    type: "results-of-this-program",
    state: () => ({}),
    handlers: (on) => [
      on.event(Final, ({ value }) => {
        results.push(value);
        if (results.length === 2) finish();
      }),
    ],
    subscriptions: [typeSubscription("results")],
  });
  const runtime = new InProcessRuntime();
  await runtime.register(worker);
  await runtime.register(closure);
  for (const text of ["one", "two"]) await runtime.publish(Task({ text }), topicId("tasks", text));
  await all;
  await runtime.close();
  assert.deepEqual(results.sort(), ["ONE", "TWO"]);
  return results.join(", ");
}
