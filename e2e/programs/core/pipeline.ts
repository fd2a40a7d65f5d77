import assert from "node:assert/strict";
import { InProcessRuntime, agentId, defineAgent, defineRequest } from "@troupe/core";
import { z } from "zod";

const Text = z.object({ text: z.string() });
const Trim = defineRequest("Trim", Text, Text);
const Count = defineRequest("Count", Text, z.object({ words: z.number() }));

const trimmer = defineAgent({
  type: "trimmer",
  state: () => ({}),
  handlers: (on) => [on.request(Trim, ({ text }) => ({ text: text.trim() }))],
});
const counter = defineAgent({
  type: "counter",
  state: () => ({}),
  handlers: (on) => [
    on.request(Count, async (payload, context) => {
      const { text } = await context.send(Trim(payload), trimmer.id(context.id.key));
      return { words: text === "" ? 0 : text.split(/\s+/).length };
    }),
  ],
});

const runtime = new InProcessRuntime();
await runtime.register(trimmer);
await runtime.register(counter);
const texts = ["  one two ", "", "three"];
const counts = await Promise.all(
  texts.map((text, index) => runtime.send(Count({ text }), agentId("counter", `c${index}`))),
);
await runtime.close();
assert.deepEqual(
  counts.map((count) => count.words),
  [2, 0, 1],
);
