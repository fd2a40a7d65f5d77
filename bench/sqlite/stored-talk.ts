import { InProcessRuntime } from "@troupe/core";
import { createTalk } from "../agentchat/talk.ts";
import type { Benchmark, Figure } from "../harness/benchmark.ts";
import { openTemporaryStore } from "./temporary-store.ts";

/** Bytes of a closed file that holds one conversation of so many turns: log, journal, runs, indexes and free room. */
async function bytesOfTalk(turns: number, bytes: number): Promise<number> {
  const { store, size, remove } = openTemporaryStore({ sync: "normal" });
  const runtime = new InProcessRuntime({ store });
  const { messages } = await createTalk(turns, bytes).session("bench", { runtime }).run("go");
  if (messages.length !== turns + 1) throw new Error(`${messages.length} messages after ${turns} turns`);
  await runtime.close();
  await store.close();
  const total = size();
  await remove();
  return total;
}

/** What a turn of a conversation takes on disk. */
export const storedTalk: Benchmark = {
  claim: "1,000 turns with messages of 500 bytes take at most twice their bytes on disk, of 50 bytes at most 300 more",
  run: async (scale) => {
    const turns = scale.count(1_000, 20);
    const figures: Figure[] = [];
    for (const [bytes, limit] of [
      [500, 1_000],
      [50, 350],
    ] as const) {
      const grown = (await bytesOfTalk(turns, bytes)) - (await bytesOfTalk(1, bytes));
      const label = `a turn with a message of ${bytes} bytes, of ${turns.toLocaleString("en-US")}, after checkpoint`;
      figures.push({ label, value: grown / (turns - 1), unit: "bytes", limit });
    }
    return figures;
  },
};
