import { InProcessRuntime, MemoryStore } from "@troupe/core";
import type { Benchmark, Figure } from "../harness/benchmark.ts";
import { createAdder } from "./adder.ts";
import { addingModel } from "./speakers.ts";

/** What a call may add to its own arguments and result. */
const limitBytes = 2_048;

/** Bytes of everything that is stored for a turn with so many tool calls, as JSON, without the calls' own arguments and results. */
async function bytesOfTurn(calls: number): Promise<number> {
  const store = new MemoryStore();
  const runtime = new InProcessRuntime({ store });
  const { text } = await createAdder(calls, addingModel(calls)).session("bench", { runtime }).run("Add.");
  if (text !== "done") throw new Error(`after ${calls} calls the agent said "${text}"`);
  const records = store.cells().flatMap(({ cell }) => [...store.read(cell)]);
  await runtime.close();
  let own = 0;
  for (let call = 1; call <= calls; call++)
    own += JSON.stringify({ a: call, b: 1 }).length + JSON.stringify({ sum: call + 1 }).length;
  return records.reduce((sum, record) => sum + JSON.stringify(record).length, -own);
}

/** What the log of a session grows by. */
export const storedBytes: Benchmark = {
  claim: "a tool call adds at most 2 KiB to its own arguments and result, however many came before it",
  run: async (scale) => {
    const empty = await bytesOfTurn(0);
    const figures: Figure[] = [];
    for (const calls of [scale.count(100, 5), scale.count(400, 10)]) {
      const perCall = ((await bytesOfTurn(calls)) - empty) / calls;
      figures.push({ label: `one tool call in a turn of ${calls}`, value: perCall, unit: "bytes", limit: limitBytes });
    }
    return figures;
  },
};
