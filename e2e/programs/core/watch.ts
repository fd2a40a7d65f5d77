import assert from "node:assert/strict";
import { InProcessRuntime, defineAgent, defineRequest } from "@troupe/core";
import { z } from "zod";

const Count = defineRequest("Count", z.object({ to: z.number().int() }), z.object({ done: z.boolean() }));
const counter = defineAgent({
  type: "counter",
  state: () => ({}),
  cell: (key) => `counting/${key}`,
  handlers: (on) => [
    on.request(Count, ({ to }, context) => {
      for (let n = 1; n <= to; n += 1) context.emit("counted", { n });
      return { done: true };
    }),
  ],
});

const runtime = new InProcessRuntime();
await runtime.register(counter);
const run = { runId: "run-1", path: [] };
await runtime.send(Count({ to: 3 }), counter.id("c"), { run });
const sequences: number[] = [];
for await (const event of runtime.events("counting/c", { runId: "run-1" })) {
  if (event.live) continue;
  sequences.push(event.sequence);
  if (sequences.length === 3) break;
}
await runtime.close();
assert.deepEqual(sequences, [1, 2, 3]);
