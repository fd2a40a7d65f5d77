import assert from "node:assert/strict";
import { InProcessRuntime, defineAgent, defineEvent, defineRequest } from "@troupe/core";
import { z } from "zod";

const Job = defineRequest("Job", z.object({ n: z.number() }), z.object({ square: z.number() }));
const Start = defineEvent("Start", z.object({ numbers: z.array(z.number()) }));
const Report = defineRequest("Report", z.object({}), z.object({ sum: z.number(), failed: z.array(z.string()) }));

const worker = defineAgent({
  type: "worker",
  state: () => ({}),
  handlers: (on) => [
    on.request(Job, ({ n }) => {
      if (n < 0) throw new RangeError("no negative numbers");
      return { square: n * n };
    }),
  ],
});
const manager = defineAgent({
  type: "manager",
  state: (): { sum: number; failed: string[] } => ({ sum: 0, failed: [] }),
  handlers: (on) => [
    on.event(Start, ({ numbers }, context) => {
      for (const n of numbers) context.request(Job({ n }), worker.id(`w${n}`), { tag: String(n) });
    }),
    on.settled(Job, (settlement, context) => {
      if (settlement.kind === "reply") context.state.sum += settlement.reply.square;
      else context.state.failed.push(settlement.tag);
    }),
    on.request(Report, (_payload, context) => context.state),
  ],
});

const runtime = new InProcessRuntime();
await runtime.register(worker);
await runtime.register(manager);
await runtime.tell(Start({ numbers: [1, 2, -3] }), manager.id("m"));
await runtime.idle();
const report = await runtime.send(Report({}), manager.id("m"));
await runtime.close();
assert.deepEqual(report, { sum: 5, failed: ["-3"] });
