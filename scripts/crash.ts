// Plays recorded runs in real processes, kills them with SIGKILL, goes on in fresh ones, and checks that nothing is lost or repeated.
//   npm run crash                                        300 kills on SQLite, from a fresh seed
//   npm run crash -- --store postgres --kills 300        the same on a Postgres server of its own; several stores run side by side
//   npm run crash -- --kills 10000 --seed long --resume  the long form; interrupted, the same command goes on
//   npm run crash -- --kills 10000 --seed long --case 17 plays one case of a campaign again
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type CampaignReport, runCampaign, scenarioNames } from "../e2e/crash/campaign/campaign.ts";
import { type ResultLine, ResultsFile } from "../e2e/crash/campaign/results-file.ts";
import { openStores } from "../e2e/crash/campaign/store-factories.ts";
import { root } from "./run-step.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", multiple: true, default: ["sqlite"] },
    kills: { type: "string", default: "300" },
    seed: { type: "string", default: randomUUID() },
    parallel: { type: "string", default: "2" },
    scenario: { type: "string", multiple: true },
    case: { type: "string" },
    resume: { type: "boolean", default: false },
    results: { type: "string", default: join(root, "out", "crash", "results.jsonl") },
  },
});
const kills = positive("kills", values.kills);
const unknown = values.scenario?.find((name) => !scenarioNames.includes(name));
if (unknown !== undefined) fail(`--scenario takes one of: ${scenarioNames.join(", ")}`);

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
const outcomes = await Promise.all(values.store.map(runOn));
process.exitCode = outcomes.every(Boolean) ? 0 : 1;

/** One campaign. True when nothing went wrong in it, and it was not stopped. */
async function runOn(store: string): Promise<boolean> {
  const results = new ResultsFile(resultsPath(store));
  if (!values.resume && values.case === undefined) await results.clear();
  const stores = await openStores(store);
  const startedAt = performance.now();
  try {
    const report = await runCampaign({
      stores: stores.factory,
      kills,
      seed: values.seed,
      parallel: positive("parallel", values.parallel),
      scenarios: values.scenario,
      only: values.case === undefined ? undefined : Number(values.case),
      results,
      signal: stopping.signal,
      onCase: (line, progress) => {
        if (line.violations.length > 0) console.log(describe(line));
        if (progress.cases % 50 === 0)
          console.log(`${store}: ${progress.kills} of ${progress.wanted} kills, ${progress.cases} runs`);
      },
    });
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    console.log(
      `seed ${values.seed}, ${stores.factory.name}: ${report.kills} kills in ${report.cases} runs, ` +
        `${report.unknown} steps visibly unknown, ${seconds} s: ${outcomeOf(report)}`,
    );
    return report.failed.length === 0 && !stopping.signal.aborted;
  } finally {
    await stores.close();
  }
}

/** Where the results of a campaign go: beside each other when there are several. */
function resultsPath(store: string): string {
  return values.store.length === 1 ? values.results : values.results.replace(/(\.\w+)?$/u, `-${store}$1`);
}

function outcomeOf({ failed }: CampaignReport): string {
  const verdict = failed.length === 0 ? "nothing lost, nothing repeated" : `${failed.length} runs went wrong`;
  return stopping.signal.aborted ? `${verdict} so far; with --resume the same command goes on` : verdict;
}

function describe({ index, scenario, durability, kills: planned, violations }: ResultLine): string {
  return [
    `case ${index}, ${scenario}, durable by ${durability}, killed at ${JSON.stringify(planned)}:`,
    ...violations.map((text) => `  ${text}`),
  ].join("\n");
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) fail(`--${name} takes a whole number from 1`);
  return value;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
