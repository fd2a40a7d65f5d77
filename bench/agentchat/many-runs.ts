import { AssistantAgent, RoundRobinGroupChat } from "@troupe/agentchat";
import type { Benchmark } from "../harness/benchmark.ts";
import { leastCost, settledMemory } from "../harness/measure.ts";
import { plainModel, Speaker, textResult } from "./speakers.ts";

/** Many runs of one team at once, all of them waiting most of the time. */
export const concurrentRuns: Benchmark = {
  claim: "1,000 runs at once, two model calls of 50 ms each, cost at most 700 ms of CPU and 20 MB",
  run: async (scale) => {
    const count = scale.count(1_000, 20);
    const team = createTeam(
      plainModel(() => new Promise((resolve) => setTimeout(() => resolve(textResult("done")), 50))),
    );
    await runAll(team, scale.count(100, 5));
    const cost = await leastCost(scale.count(3, 1), () => runAll(team, count));
    await team.close();
    const label = `${count.toLocaleString("en-US")} runs at once`;
    return [
      { label: `${label}, all of them`, value: cost.cpuMs, unit: "ms CPU", limit: 700 },
      { label: `${label}, time until the last is done`, value: cost.wallMs, unit: "ms" },
      { label: `${label}, memory while all wait`, value: (await memoryOf(count)) / 1e6, unit: "MB", limit: 20 },
    ];
  },
};

function createTeam(model: ReturnType<typeof plainModel>): RoundRobinGroupChat {
  const agent = (name: string): AssistantAgent =>
    new AssistantAgent({ name, model, systemMessage: null, stream: false });
  return new RoundRobinGroupChat({ participants: [agent("left"), agent("right")], maxTurns: 2 });
}

/** Bytes that so many runs hold at the moment when each of them waits for its second model call. */
async function memoryOf(count: number): Promise<number> {
  let calls = 0;
  const waiting: (() => void)[] = [];
  const team = createTeam(
    plainModel(() => {
      calls += 1;
      if (calls <= count) return textResult("done");
      return new Promise((resolve) => waiting.push(() => resolve(textResult("done"))));
    }),
  );
  const before = await settledMemory();
  const runs = runAll(team, count);
  while (waiting.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  const during = await settledMemory();
  for (const release of waiting) release();
  await runs;
  await team.close();
  return during.heapBytes - before.heapBytes;
}

async function runAll(team: RoundRobinGroupChat, count: number): Promise<void> {
  const results = await Promise.all(Array.from({ length: count }, () => team.run("go")));
  const odd = results.find((result) => result.text !== "done");
  if (odd !== undefined) throw new Error(`a run ended with "${odd.text}" (${odd.stopReason.kind})`);
}

/** Runs that have ended, one after the other on one team. */
export const finishedRuns: Benchmark = {
  claim: "10,000 finished runs keep nothing",
  run: async (scale) => {
    const count = scale.count(10_000, 100);
    const team = new RoundRobinGroupChat({ participants: [new Speaker("left"), new Speaker("right")], maxTurns: 2 });
    const run = async (times: number): Promise<void> => {
      for (let index = 0; index < times; index++) await team.run("go");
    };
    await run(scale.count(1_000, 50));
    const before = await settledMemory();
    await run(count);
    const after = await settledMemory();
    await team.close();
    const grown = after.heapBytes - before.heapBytes;
    return [
      {
        label: `heap that ${count.toLocaleString("en-US")} finished runs keep`,
        value: grown / 1e6,
        unit: "MB",
        limit: 1,
      },
      { label: "the same, for one run", value: grown / count, unit: "bytes", limit: 100 },
    ];
  },
};
