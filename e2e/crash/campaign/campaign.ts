import { cellScenarios } from "../case/cells-case.ts";
import { OutsideServer } from "../outside/outside-server.ts";
import { teamScenarios } from "../scenario/team-scenarios.ts";
import { CasePlayer, type StoreFactory } from "./case-player.ts";
import { type CasePlan, planCases, type ScenarioSize } from "./kill-plan.ts";
import type { CampaignStart, KnownResults, ResultLine, ResultsFile } from "./results-file.ts";
import { WorkerPool } from "./worker-pool.ts";

/** What a campaign is made of. */
export interface CampaignOptions {
  readonly stores: StoreFactory;
  /** Processes to kill in all. */
  readonly kills: number;
  readonly seed: string;
  /** What is there already is not played again. */
  readonly results: ResultsFile | undefined;
  /** Cases at a time; default 2. */
  readonly parallel?: number | undefined;
  /** Scenarios to play; default all. */
  readonly scenarios?: readonly string[] | undefined;
  /** Plays one case alone, as the results file or else the plan has it, and counts it nowhere. */
  readonly only?: { readonly index: number; readonly times: number } | undefined;
  /** Ends the campaign: every process is killed, the cases under way do not count. */
  readonly signal?: AbortSignal | undefined;
  readonly onCase?: ((news: CaseNews) => void) | undefined;
}

/** A case that is done. */
export interface CaseNews {
  readonly line: ResultLine;
  /** Where what is known of it is kept, when it went wrong. */
  readonly evidencePath: string | undefined;
  readonly report: CampaignReport;
}

/** Sums of a campaign. */
export interface CampaignReport {
  cases: number;
  kills: number;
  unknown: number;
  /** Kills that are wanted in all. */
  readonly wanted: number;
  /** Of the kills: those that an earlier part of the campaign has made. */
  readonly known: number;
  readonly failed: ResultLine[];
}

/** Milliseconds that one process may take. */
const limitMs = 30_000;

/** All scenarios, by name. */
export const scenarioNames: readonly string[] = [...teamScenarios.map(({ name }) => name), ...cellScenarios];

/**
 * Plays real runs in real processes and kills them where the plan says; resumes what a results file has already.
 *
 * @throws Error when the results are those of other sources, or when a scenario goes wrong without any death.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { stores, seed, results, signal, parallel = 2, only } = options;
  const campaign = nameOf(options);
  const known: KnownResults = (await results?.read(campaign)) ?? { start: undefined, done: [] };
  const server = new OutsideServer();
  await server.listen();
  const pool = await WorkerPool.open(parallel + 1);
  const abort = (): void => void pool.close();
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted === true) abort();
  try {
    const start: Omit<CampaignStart, "sizes"> = { campaign, program: pool.program.digest };
    if (only === undefined) expectSameProgram(known.start, start);
    const player = new CasePlayer({ stores, seed, tools: { pool, server, limitMs, hasStandby: stores.hasStandby } });
    const played: Played = { options, campaign, known, player, report: reportOf(options, known) };
    const sizes = await measureAll(played);
    if (known.start === undefined && only === undefined) await results?.begin({ ...start, sizes });
    const left = leftOf(played, known.start?.sizes ?? sizes);
    await Promise.all(Array.from({ length: parallel }, () => playAll(left, played)));
    return played.report;
  } catch (error) {
    // Whatever is under way when the processes are taken away goes wrong.
    if (signal?.aborted === true) return reportOf(options, known);
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
    await pool.close();
    await server.close();
  }
}

/** Results are of one campaign only when these are the same. */
function nameOf({ stores, seed, kills, scenarios }: CampaignOptions): string {
  return [stores.name, seed, kills, ...(scenarios ?? [])].join(" ");
}

/** A campaign that is under way. */
interface Played {
  readonly options: CampaignOptions;
  readonly campaign: string;
  readonly known: KnownResults;
  readonly player: CasePlayer;
  readonly report: CampaignReport;
}

function expectSameProgram(known: CampaignStart | undefined, start: Pick<CampaignStart, "program">): void {
  if (known !== undefined && known.program !== start.program)
    throw new Error(
      "The sources have changed since this campaign began, so what it found says nothing about them. Without --resume it begins anew.",
    );
}

function reportOf({ kills, only }: CampaignOptions, { done }: KnownResults): CampaignReport {
  const before = only === undefined ? done : [];
  const known = before.reduce((sum, line) => sum + line.deaths, 0);
  const report: CampaignReport = { cases: 0, kills: 0, unknown: 0, wanted: kills, known, failed: [] };
  for (const line of before) book(report, line);
  return report;
}

/** Plays every scenario once without a death, a few at a time: that is what the cases are compared with. */
async function measureAll({ options, known, player }: Played): Promise<readonly ScenarioSize[]> {
  const { only, parallel = 2 } = options;
  const again = only && known.done.find(({ index }) => index === only.index);
  const names = again === undefined ? (options.scenarios ?? scenarioNames) : [again.scenario];
  const left = [...names.entries()];
  const sizes: ScenarioSize[] = [];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      sizes[next[0]] = await player.measure(next[1]);
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return sizes;
}

/** The plans that are to be played, and have no result yet. */
function leftOf({ options, known }: Played, sizes: readonly ScenarioSize[]): CasePlan[] {
  const { only, kills, seed } = options;
  const plans = planCases({ sizes, kills, seed });
  if (only === undefined) {
    const isDone = new Set(known.done.map(({ index }) => index));
    return plans.filter(({ index }) => !isDone.has(index));
  }
  const plan = [...known.done, ...plans].find(({ index }) => index === only.index);
  if (plan === undefined) throw new Error(`This campaign has no case ${only.index}.`);
  return Array.from({ length: only.times }, () => plan);
}

async function playAll(left: CasePlan[], { options, campaign, player, report }: Played): Promise<void> {
  const { only, results, signal } = options;
  for (let plan = left.shift(); plan !== undefined && report.kills < report.wanted; plan = left.shift()) {
    const { kills: deaths, unknown, violations, durationMs, evidence } = await player.play(plan);
    if (signal?.aborted === true) return;
    const { index, scenario, kills, entrances, durability } = plan;
    const how = { index, scenario, kills, entrances, durability };
    const line: ResultLine = { campaign, ...how, deaths, unknown, violations, durationMs };
    const evidencePath = await (only === undefined ? results?.add(line, evidence) : results?.addAgain(line, evidence));
    book(report, line);
    options.onCase?.({ line, evidencePath, report });
  }
}

function book(report: CampaignReport, line: ResultLine): void {
  report.cases += 1;
  report.kills += line.deaths;
  report.unknown += line.unknown;
  if (line.violations.length > 0) report.failed.push(line);
}
