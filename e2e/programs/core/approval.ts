import assert from "node:assert/strict";
import { InProcessRuntime, StateError, defineAgent, defineRequest } from "@troupe/core";
import { z } from "zod";

const Refund = defineRequest("Refund", z.object({ order: z.number() }), z.object({ refunded: z.boolean() }));
const Approval = z.object({ approved: z.boolean() });

const clerk = defineAgent({
  type: "clerk",
  state: () => ({}),
  handlers: (on) => [
    on.request(Refund, async ({ order }, context) => {
      const { approved } = await context.waitFor("approve", Approval, {
        question: { prompt: `Refund order ${order}?` },
      });
      return { refunded: approved };
    }),
  ],
});

const runtime = new InProcessRuntime();
await runtime.register(clerk);
const pending = runtime.send(Refund({ order: 1042 }), clerk.id("desk"));
await runtime.idle();
const [wait] = runtime.waits();
assert.ok(wait);
assert.deepEqual(wait.question, { prompt: "Refund order 1042?" });
await assert.rejects(runtime.respond(wait.id, "maybe"), (error) => error instanceof StateError);
await runtime.respond(wait.id, { approved: true });
const { refunded } = await pending;
await runtime.close();
assert.equal(refunded, true);
