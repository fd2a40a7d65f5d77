import assert from "node:assert/strict";
import { InProcessRuntime, defineAgent, defineRequest } from "@troupe/core";
import { z } from "zod";

const Greet = defineRequest("Greet", z.object({ name: z.string() }), z.object({ text: z.string() }));

const greeter = defineAgent({
  type: "greeter",
  state: () => ({ greeted: 0 }),
  handlers: (on) => [
    on.request(Greet, ({ name }, context) => {
      context.state.greeted += 1;
      return { text: `Hello ${name}, you are number ${context.state.greeted}.` };
    }),
  ],
});

const runtime = new InProcessRuntime();
await runtime.register(greeter);
await runtime.send(Greet({ name: "Ada" }), greeter.id("door"));
const { text } = await runtime.send(Greet({ name: "Grace" }), greeter.id("door"));
await runtime.close();
assert.equal(text, "Hello Grace, you are number 2.");
