// Plays recorded runs in real processes, kills them with SIGKILL, goes on in fresh ones, and checks that nothing is lost or repeated.
//   npm run crash                                        300 kills on SQLite, from a fresh seed
//   npm run crash -- --store postgres --kills 300        the same on a Postgres server of its own; several stores run side by side
//   npm run crash -- --kills 10000 --seed long --resume  the long form; interrupted, the same command goes on
//   npm run crash -- --kills 10000 --seed long --case 17 plays one case of a campaign again; with --times 20 so often
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type CampaignReport, type CaseNews, runCampaign, scenarioNames } from "../e2e/crash/campaign/campaign.ts";
import { Progress } from "../e2e/crash/campaign/progress.ts";
import { ResultsFile } from "../e2e/crash/campaign/results-file.ts";
import { type OpenStores, openStores } from "../e2e/crash/campaign/store-factories.ts";
import { root } from "./run-step.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", multiple: true, default: ["sqlite"] },
    kills: { type: "string", default: "300" },
    seed: { type: "string", default: randomUUID() },
    parallel: { type: "string", default: "3" },
    scenario: { type: "string", multiple: true },
    case: { type: "string" },
    times: { type: "string", default: "1" },
    resume: { type: "boolean", default: false },
    results: { type: "string", default: join(root, "out", "crash", "results.jsonl") },
  },
});
const kills = positive("kills", values.kills);
const parallel = positive("parallel", values.parallel);
const times = positive("times", values.times);
const only = values.case === undefined ? undefined : { index: Number(values.case), times };
const unknown = values.scenario?.find((name) => !scenarioNames.includes(name));
if (unknown !== undefined) fail(`--scenario takes one of: ${scenarioNames.join(", ")}`);

/** Milliseconds between two lines about how far it is. */
const progressMs = 15_000;

// One Ctrl-C may arrive more than once, by way of npm.
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
const outcomes = await Promise.all(values.store.map(runOn));
process.exitCode = outcomes.every(Boolean) ? 0 : 1;

/** One campaign. True when nothing went wrong in it, and it has come to its end. */
async function runOn(store: string): Promise<boolean> {
  const results = new ResultsFile(resultsPath(store));
  if (!values.resume && only === undefined) await results.clear();
  let stores: OpenStores | undefined;
  try {
    stores = await openStores(store);
    const progress = new Progress(progressMs);
    const report = await runCampaign({
      stores: stores.factory,
      kills,
      seed: values.seed,
      parallel,
      scenarios: values.scenario,
      only,
      results,
      signal: stopping.signal,
      onCase: (news) => {
        if (news.line.violations.length > 0) console.log(describe(news, store));
        const said = progress.say(news.report);
        if (said !== undefined) console.log(`${store}: ${said}`);
      },
    });
    console.log(
      `seed ${values.seed}, ${stores.factory.name}: ${report.kills} kills in ${report.cases} runs, ` +
        `${report.unknown} steps visibly unknown, ${Math.round(progress.seconds)} s: ${outcomeOf(report)}`,
    );
    return report.failed.length === 0 && isComplete(report);
  } catch (error) {
    // The campaigns beside this one go on. A Ctrl-C may end a server that is about to start.
    if (!stopping.signal.aborted) console.error(error);
    return false;
  } finally {
    await stores?.close();
  }
}

/** Where the results of a campaign go: beside each other when there are several. */
function resultsPath(store: string): string {
  return values.store.length === 1 ? values.results : values.results.replace(/(\.\w+)?$/u, `-${store}$1`);
}

function outcomeOf(report: CampaignReport): string {
  const { failed, wanted } = report;
  const verdict = failed.length === 0 ? "nothing lost, nothing repeated" : `${failed.length} runs went wrong`;
  if (stopping.signal.aborted) return `${verdict} so far; with --resume the same command goes on`;
  return isComplete(report) ? verdict : `${verdict}, but runs came to their ends before ${wanted} kills`;
}

function isComplete({ kills: made, wanted }: CampaignReport): boolean {
  return only !== undefined || (made >= wanted && !stopping.signal.aborted);
}

function describe({ line, evidencePath }: CaseNews, store: string): string {
  const { index, scenario, durability, kills: planned, violations } = line;
  const where = `--store ${store} --results ${resultsPath(store)}`;
  const which = (values.scenario ?? []).map((name) => ` --scenario ${name}`).join("");
  return [
    `case ${index}, ${scenario}, durable by ${durability}, killed at ${JSON.stringify(planned)}:`,
    ...violations.map((text) => `  ${text}`),
    `  all that is known: ${evidencePath ?? "nothing more"}`,
    `  again: npm run crash -- ${where}${which} --kills ${kills} --seed ${values.seed} --case ${index}`,
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
