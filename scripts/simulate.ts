// Drives random interleavings against the runtime and checks its invariants after every step.
//   npm run simulate                                        5,000,000 steps from a fresh seed
//   npm run simulate -- --steps 100000 --seed ci            what CI runs
//   npm run simulate -- --seed ci --episode 17              replays one episode of a failing seed
import { parseArgs } from "node:util";
import { randomUUID } from "node:crypto";
import { simulate, type SimulationReport } from "@troupe/core/testing";

const { values } = parseArgs({
  options: {
    steps: { type: "string" },
    seed: { type: "string", default: randomUUID() },
    episode: { type: "string" },
  },
});
const stepsPerEpisode = 250;
const isReplay = values.episode !== undefined;
const steps = Number(values.steps ?? (isReplay ? stepsPerEpisode : 5_000_000));
const firstEpisode = Number(values.episode ?? 0);
if (!Number.isInteger(steps) || steps < 1 || !Number.isInteger(firstEpisode) || firstEpisode < 0) {
  console.error("--steps takes a whole number from 1, --episode one from 0");
  process.exit(2);
}

const startedAt = performance.now();
const report = await simulate({
  seed: values.seed,
  steps,
  stepsPerEpisode,
  firstEpisode,
  onEpisode: (episode) => {
    if (episode > 0 && episode % 1000 === 0) console.log(`${episode * stepsPerEpisode} steps`);
  },
});
console.log(describe(report, Math.round((performance.now() - startedAt) / 1000)));
process.exitCode = report.failure === undefined ? 0 : 1;

function describe({ steps: done, episodes, counts, failure }: SimulationReport, seconds: number): string {
  const head = [
    `seed ${values.seed}: ${done} steps in ${episodes} episodes, ${seconds} s`,
    `${counts.crashes} crashes, ${counts.takeOvers} take-overs, ${counts.faults} store faults, ${counts.forks} forks`,
    `${counts.records} records`,
  ].join("; ");
  if (failure === undefined) return `${head}, every invariant held`;
  const { episode, step, error, log } = failure;
  return [
    `${head}, then in episode ${episode} after step ${step}:`,
    ...log.slice(-60).map((line) => `  ${line}`),
    String(error),
    `replay with: npm run simulate -- --seed ${values.seed} --episode ${episode}`,
  ].join("\n");
}
