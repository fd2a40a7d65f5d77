import { teamScenarios } from "../scenario/team-scenarios.ts";
import type { StoreAddress } from "../worker/assignment.ts";
import { OutsideServer } from "../outside/outside-server.ts";
import type { CaseOutcome } from "../case/case-outcome.ts";
import { cellScenarios, playCellsCase } from "../case/cells-case.ts";
import { type CasePlan, planCases, type ScenarioSize } from "./kill-plan.ts";
import type { ResultLine, ResultsFile } from "./results-file.ts";
import type { CaseTools } from "../case/lane.ts";
import { playTeamCase } from "../case/team-case.ts";
import type { Transcript } from "../judge/transcript.ts";
import { WorkerPool } from "./worker-pool.ts";

/** Gives each case a place of its own for its data. */
export interface StoreFactory {
  /** Part of the name of the campaign. */
  readonly name: string;
  /** True keeps a second process ready on the same data, which takes over from the one that dies. */
  readonly hasStandby: boolean;
  create(caseName: string): Promise<StoreAddress>;
  /** Takes back what a case has stored; after a case that went wrong nobody else may meet it. */
  drop(address: StoreAddress, isClean: boolean): Promise<void>;
}

/** What a campaign is made of. */
export interface CampaignOptions {
  readonly stores: StoreFactory;
  /** Processes to kill in all. */
  readonly kills: number;
  readonly seed: string;
  readonly results: ResultsFile | undefined;
  /** Cases at a time; default 2. */
  readonly parallel?: number | undefined;
  /** Scenarios to play; default all. */
  readonly scenarios?: readonly string[] | undefined;
  /** Plays this case alone, as the results file or else the plan has it, and records nothing. */
  readonly only?: number | undefined;
  /** Ends the campaign: every process is killed, the cases under way do not count. */
  readonly signal?: AbortSignal | undefined;
  readonly onCase?: ((line: ResultLine, progress: CampaignReport) => void) | undefined;
}

/** Sums of a campaign. */
export interface CampaignReport {
  cases: number;
  kills: number;
  unknown: number;
  /** Kills that are wanted in all. */
  readonly wanted: number;
  readonly failed: ResultLine[];
}

const limitMs = 30_000;

/** More than are wanted: some are planned for instants that a run does not reach. */
const planned = 1.25;

/** All scenarios, by name. */
export const scenarioNames: readonly string[] = [...teamScenarios.map(({ name }) => name), ...cellScenarios];

/** Plays real runs in real processes and kills them where the plan says; resumes what a results file has already. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { stores, seed, kills, results, signal, parallel = 2 } = options;
  const server = new OutsideServer();
  await server.listen();
  const pool = await WorkerPool.open(parallel + 1);
  const campaign = `${stores.name} ${seed} ${kills}`;
  const abort = (): void => void pool.close();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const player = new CasePlayer({ stores, tools: { pool, server, limitMs, hasStandby: stores.hasStandby } });
    const sizes: ScenarioSize[] = [];
    for (const scenario of options.scenarios ?? scenarioNames) sizes.push(await player.measure(scenario));
    const plans = planCases({ sizes, kills: kills * planned, seed });
    const done = (await results?.read(campaign)) ?? [];
    const report: CampaignReport = { cases: 0, kills: 0, unknown: 0, wanted: kills, failed: [] };
    const { only } = options;
    if (only === undefined) for (const line of done) book(report, line);
    const left =
      only === undefined ? behind(plans, done) : [...done, ...plans].filter(({ index }) => index === only).slice(0, 1);
    const work = async (): Promise<void> => {
      for (let plan = left.shift(); plan !== undefined && report.kills < kills; plan = left.shift()) {
        const line = { campaign, ...(await player.play(plan)) };
        if (signal?.aborted === true) return;
        if (only === undefined) await results?.add(line);
        book(report, line);
        options.onCase?.(line, report);
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
    return report;
  } finally {
    signal?.removeEventListener("abort", abort);
    await pool.close();
    await server.close();
  }
}

/** The plans that have no result yet. */
function behind(plans: readonly CasePlan[], done: readonly ResultLine[]): CasePlan[] {
  const isDone = new Set(done.map((line) => line.index));
  return plans.filter(({ index }) => !isDone.has(index));
}

function book(report: CampaignReport, line: ResultLine): void {
  report.cases += 1;
  report.kills += line.deaths;
  report.unknown += line.unknown;
  if (line.violations.length > 0) report.failed.push(line);
}

/** Plays cases, each on data of its own, and remembers what the uninterrupted run of each scenario came to. */
class CasePlayer {
  readonly #stores: StoreFactory;
  readonly #tools: CaseTools;
  readonly #expected = new Map<string, Transcript>();
  #cases = 0;

  constructor({ stores, tools }: { stores: StoreFactory; tools: CaseTools }) {
    this.#stores = stores;
    this.#tools = tools;
  }

  /** Plays a scenario without a death. @throws Error when even that is not as promised. */
  async measure(scenario: string): Promise<ScenarioSize> {
    const outcome = await this.#run({ index: -1, scenario, kills: [], entrances: [], durability: "step" });
    const { violations, transcript, events, writes, requests, durationMs } = outcome;
    if (violations.length > 0) throw new Error(`"${scenario}" is wrong without any death:\n${violations.join("\n")}`);
    if (transcript !== undefined) this.#expected.set(scenario, transcript);
    return { scenario, events, writes, requests, durationMs };
  }

  async play(plan: CasePlan): Promise<Omit<ResultLine, "campaign">> {
    const { violations, kills: deaths, unknown, durationMs } = await this.#run(plan);
    return { ...plan, deaths, unknown, violations, durationMs: Math.round(durationMs) };
  }

  async #run({ scenario, kills, entrances, durability, index }: CasePlan): Promise<CaseOutcome> {
    this.#cases += 1;
    const runId = `case-${process.pid}-${this.#cases}-${index < 0 ? "whole" : index}`;
    const store = await this.#stores.create(runId);
    let isClean = false;
    try {
      const options = { scenario, runId, store, kills, entrances, durability, expected: this.#expected.get(scenario) };
      const outcome = await (cellScenarios.includes(scenario) ? playCellsCase : playTeamCase)(options, this.#tools);
      isClean = outcome.violations.length === 0;
      return outcome;
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { ...nothing, violations: [`the campaign itself failed: ${text}`] };
    } finally {
      await this.#stores.drop(store, isClean);
    }
  }
}

const nothing: Omit<CaseOutcome, "violations"> = {
  kills: 0,
  unknown: 0,
  transcript: undefined,
  events: 0,
  writes: 0,
  requests: 0,
  durationMs: 0,
};
