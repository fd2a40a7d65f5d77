import type { RuntimeStats } from "@troupe/core";
import type { Benchmark } from "../harness/benchmark.ts";
import { settledMemory } from "../harness/measure.ts";
import { InProcessRuntime } from "@troupe/core";
import { createCounter, Next } from "./counter.ts";

/** Agents that were asked once, changed nothing, and were passivated for want of room. */
export const passivatedAgents: Benchmark = {
  claim: "1,000,000 agents that changed no state leave nothing",
  run: async (scale) => {
    const count = scale.count(1_000_000, 5_000);
    const runtime = new InProcessRuntime({ maxIdleAgents: 0 });
    const counter = createCounter("counter", () => {});
    await runtime.register(counter);
    const address = async (from: number, to: number): Promise<void> => {
      for (let n = from; n < to; n++) await runtime.send(Next({ n }), counter.id(`agent-${n}`));
    };
    // The first ones pay for what is made once: code, maps, the wheel.
    const warmUp = Math.ceil(count / 20);
    await address(0, warmUp);
    const before = await settledMemory();
    await address(warmUp, count);
    const after = await settledMemory();
    const left = sumOf(runtime.stats());
    await runtime.close();
    const grown = after.heapBytes - before.heapBytes;
    return [
      { label: `heap that ${count.toLocaleString("en-US")} agents leave`, value: grown / 1e6, unit: "MB", limit: 1 },
      { label: "the same, for one agent", value: grown / (count - warmUp), unit: "bytes", limit: 1 },
      { label: "everything that stats() still counts", value: left, unit: "things", limit: 0 },
    ];
  },
};

function sumOf(stats: RuntimeStats): number {
  return Object.values<number>({ ...stats }).reduce((sum, value) => sum + value, 0);
}
