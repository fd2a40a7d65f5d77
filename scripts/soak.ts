// Runs a nested team with tools and streamed words again and again, and looks whether anything stays.
//   npm run soak                        20,000 runs in memory
//   npm run soak -- --runs 2000         what CI runs
import { parseArgs } from "node:util";
import { type MemoryReport, soakMemory } from "./soak/memory-soak.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20000" },
    parallel: { type: "string", default: "8" },
  },
});
const runs = Number(values.runs);
const parallel = Number(values.parallel);
if (!Number.isInteger(runs) || runs < 100 || !Number.isInteger(parallel) || parallel < 1) {
  console.error("--runs takes a whole number from 100, --parallel one from 1");
  process.exit(2);
}

const maxGrowth = 5_000_000;
const report = await soakMemory({
  runs,
  warmUp: Math.round(runs / 10),
  parallel,
  onProgress: (done) => {
    if (done % 5_000 === 0) console.log(`${done} runs`);
  },
});
const problems = problemsOf(report);
const growth = ((report.lastHeap - report.firstHeap) / 1e6).toFixed(2);
console.log(
  `${runs} runs in ${Math.round(report.seconds)} s: the heap grew by ${growth} MB after run ${Math.round(runs / 10)}, ` +
    `from ${(report.firstHeap / 1e6).toFixed(1)} MB; ${report.listeners} listeners left on the signal`,
);
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function problemsOf({ firstHeap, lastHeap, listeners, warnings, stats }: MemoryReport): readonly string[] {
  const left = Object.entries(stats).filter(([, count]) => count !== 0);
  return [
    ...(lastHeap - firstHeap > maxGrowth ? [`the heap grew by more than ${maxGrowth / 1e6} MB`] : []),
    ...(listeners === 0 ? [] : [`${listeners} listeners are left on the shared signal`]),
    ...left.map(([name, count]) => `the runtime still has ${count} ${name}`),
    ...warnings.map((warning) => `a warning was emitted: ${warning}`),
  ];
}
