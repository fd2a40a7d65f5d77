// Runs a nested team with tools and streamed words again and again, and looks whether anything stays: in memory, then on a file.
//   npm run soak                                     20,000 runs each
//   npm run soak -- --runs 2000 --store-runs 500     what CI runs
import { parseArgs } from "node:util";
import { type MemoryReport, soakMemory } from "./soak/memory-soak.ts";
import { type StoreReport, soakStore } from "./soak/store-soak.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20000" },
    "store-runs": { type: "string", default: "20000" },
    parallel: { type: "string", default: "8" },
  },
});
const runs = count("runs", 100);
const storeRuns = count("store-runs", 100);
const parallel = count("parallel", 1);

/** The heap may grow by so much between a tenth of the runs and all of them. */
const maxGrowth = 5_000_000;
const keptRuns = 100;
/** Far above what the runs that are kept take, far below what all of them would. */
const maxFileBytes = 32_000_000;

const onProgress = (done: number): void => {
  if (done % 5_000 === 0) console.log(`${done} runs`);
};
const memory = await soakMemory({ runs, warmUp: Math.round(runs / 10), parallel, onProgress });
console.log(
  `memory: ${runs} runs in ${Math.round(memory.seconds)} s, heap ${megabytes(memory.firstHeap)} MB after run ` +
    `${Math.round(runs / 10)}, ${megabytes(memory.lastHeap)} MB after the last; ${memory.listeners} listeners left on the signal`,
);
const file = await soakStore({ runs: storeRuns, parallel, keepLast: keptRuns, onProgress });
console.log(
  `SQLite: ${storeRuns} runs in ${Math.round(file.seconds)} s, file ${megabytes(first(file.sweptSizes))} MB after a tenth of them, ` +
    `${megabytes(last(file.sweptSizes))} MB after the last (most: ${megabytes(Math.max(...file.sizes))} MB), ${file.kept} runs kept; ` +
    `heap ${megabytes(first(file.heaps))} MB, then ${megabytes(last(file.heaps))} MB`,
);
const problems = [...memoryProblems(memory), ...fileProblems(file)];
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function memoryProblems({ firstHeap, lastHeap, listeners, warnings, stats }: MemoryReport): readonly string[] {
  const left = Object.entries(stats).filter(([, value]) => value !== 0);
  return [
    ...heapProblems("in memory", firstHeap, lastHeap),
    ...(listeners === 0 ? [] : [`${listeners} listeners are left on the shared signal`]),
    ...left.map(([name, value]) => `the runtime still has ${value} ${name}`),
    ...warnings.map((warning) => `a warning was emitted: ${warning}`),
  ];
}

function fileProblems({ sizes, sweptSizes, heaps, kept }: StoreReport): readonly string[] {
  const limit = 1.25 * first(sweptSizes) + 262_144;
  return [
    ...heapProblems("with a store", first(heaps), last(heaps)),
    ...(last(sweptSizes) <= limit ? [] : [`the file grew from ${first(sweptSizes)} to ${last(sweptSizes)} bytes`]),
    ...(Math.max(...sizes) <= maxFileBytes ? [] : [`the file had ${Math.max(...sizes)} bytes between two sweeps`]),
    ...(kept <= 2 * keptRuns ? [] : [`${kept} runs are kept instead of ${keptRuns}`]),
  ];
}

function heapProblems(where: string, before: number, after: number): readonly string[] {
  return after - before <= maxGrowth ? [] : [`the heap grew from ${before} to ${after} bytes ${where}`];
}

function first(figures: readonly number[]): number {
  return figures[0] ?? Number.NaN;
}

function last(figures: readonly number[]): number {
  return figures.at(-1) ?? Number.NaN;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}

function count(name: "runs" | "store-runs" | "parallel", least: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= least) return value;
  console.error(`--${name} takes a whole number from ${least}`);
  process.exit(2);
}
