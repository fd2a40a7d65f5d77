import { defineAgent, defineRequest, InProcessRuntime } from "@troupe/core";
import type { Benchmark } from "../harness/benchmark.ts";
import { settledMemory } from "../harness/measure.ts";
import { type Count } from "./counter.ts";
import { passthrough } from "./passthrough.ts";

const Remember = defineRequest("Remember", passthrough<Count>(), passthrough<Count>());

const keeper = defineAgent({
  type: "keeper",
  state: () => ({ last: 0 }),
  handlers: (on) => [
    on.request(Remember, ({ n }, context) => {
      context.state.last = n;
      return { n };
    }),
  ],
});

/** Agents that are active, hold a state of their own, and have nothing to do. */
export const idleAgents: Benchmark = {
  claim: "100,000 live idle agents take at most 200 MB",
  run: async (scale) => {
    const count = scale.count(100_000, 1_000);
    const runtime = new InProcessRuntime({ maxIdleAgents: count });
    await runtime.register(keeper);
    await runtime.send(Remember({ n: 1 }), keeper.id("first"));
    const before = await settledMemory();
    for (let n = 1; n < count; n++) await runtime.send(Remember({ n }), keeper.id(`keeper-${n}`));
    const after = await settledMemory();
    const { activeAgents } = runtime.stats();
    if (activeAgents !== count) throw new Error(`${activeAgents} agents are active, not ${count}`);
    await runtime.close();
    const heap = after.heapBytes - before.heapBytes;
    return [
      { label: `${count.toLocaleString("en-US")} idle agents, heap`, value: heap / 1e6, unit: "MB", limit: 200 },
      {
        label: "the same, growth of the process",
        value: (after.residentBytes - before.residentBytes) / 1e6,
        unit: "MB",
      },
      { label: "one idle agent, heap", value: heap / count, unit: "bytes" },
    ];
  },
};
