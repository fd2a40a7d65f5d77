// Drives random interleavings, crashes and store faults against the runtime and checks its invariants after every step.
//   npm run simulate                                        5,000,000 steps from a fresh seed
//   npm run simulate -- --steps 100000 --seed ci            fewer of a known one
//   npm run simulate -- --crash-rate 0.35                   a third of all actions are crashes
//   npm run simulate -- --seed ci --from 4000               goes on with a seed where it was interrupted
//   npm run simulate -- --seed ci --episode 17              replays one episode of a failing seed
import { parseArgs } from "node:util";
import { randomUUID } from "node:crypto";
import { simulate, type SimulationReport } from "@troupe/core/testing";

const { values } = parseArgs({
  options: {
    steps: { type: "string" },
    seed: { type: "string", default: randomUUID() },
    from: { type: "string" },
    episode: { type: "string" },
    "crash-rate": { type: "string" },
  },
});
const stepsPerEpisode = 250;
const isReplay = values.episode !== undefined;
const firstEpisode = Number(values.episode ?? values.from ?? 0);
const steps = Number(values.steps ?? (isReplay ? stepsPerEpisode : 5_000_000 - firstEpisode * stepsPerEpisode));
const crashRate = values["crash-rate"] === undefined ? undefined : Number(values["crash-rate"]);
if (!Number.isInteger(steps) || steps < 1 || !Number.isInteger(firstEpisode) || firstEpisode < 0) {
  console.error("--steps takes a whole number from 1, --from and --episode one from 0");
  process.exit(2);
}
if (crashRate !== undefined && !(crashRate >= 0 && crashRate < 1)) {
  console.error("--crash-rate takes a number from 0 to below 1");
  process.exit(2);
}
const again = `npm run simulate -- --seed ${values.seed}${crashRate === undefined ? "" : ` --crash-rate ${crashRate}`}`;

const startedAt = performance.now();
const report = await simulate({
  seed: values.seed,
  steps,
  stepsPerEpisode,
  firstEpisode,
  crashRate,
  onEpisode: (episode) => {
    const next = episode + 1;
    if (next % 1000 !== 0) return;
    console.log(`${next * stepsPerEpisode} steps; to go on from here: ${again} --from ${next}`);
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
    `replay with: ${again} --episode ${episode}`,
  ].join("\n");
}
