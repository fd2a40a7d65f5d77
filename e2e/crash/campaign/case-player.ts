import type { CaseOutcome } from "../case/case-outcome.ts";
import { cellScenarios, playCellsCase } from "../case/cells-case.ts";
import type { CaseTools } from "../case/lane.ts";
import { playTeamCase } from "../case/team-case.ts";
import type { Transcript } from "../judge/transcript.ts";
import type { StoreAddress } from "../worker/assignment.ts";
import type { CasePlan, ScenarioSize } from "./kill-plan.ts";

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

/** What a player works with. */
export interface CasePlayerOptions {
  readonly stores: StoreFactory;
  readonly tools: CaseTools;
  /** Answers from outside take as long in the same case of the same seed. */
  readonly seed: string;
}

/** A case that was played. */
export interface PlayedCase extends Pick<CaseOutcome, "violations" | "kills" | "unknown" | "evidence"> {
  readonly durationMs: number;
}

/** Plays cases, each on data of its own, and remembers what the uninterrupted run of each scenario came to. */
export class CasePlayer {
  readonly #stores: StoreFactory;
  readonly #tools: CaseTools;
  readonly #seed: string;
  readonly #expected = new Map<string, Transcript>();
  #cases = 0;

  constructor({ stores, tools, seed }: CasePlayerOptions) {
    this.#stores = stores;
    this.#tools = tools;
    this.#seed = seed;
  }

  /** Plays a scenario without a death. @throws Error when even that is not as promised. */
  async measure(scenario: string): Promise<ScenarioSize> {
    const outcome = await this.#run({ index: -1, scenario, kills: [], entrances: [], durability: "step" });
    const { violations, transcript, events, writes, requests, workedMs } = outcome;
    if (violations.length > 0) throw new Error(`"${scenario}" is wrong without any death:\n${violations.join("\n")}`);
    if (transcript !== undefined) this.#expected.set(scenario, transcript);
    return { scenario, events, writes, requests, durationMs: Math.round(workedMs) };
  }

  /** Plays a case through all its deaths. Its scenario was measured before. */
  async play(plan: CasePlan): Promise<PlayedCase> {
    const startedAt = performance.now();
    const outcome = await this.#run(plan);
    return { ...outcome, durationMs: Math.round(performance.now() - startedAt) };
  }

  async #run({ scenario, kills, entrances, durability, index }: CasePlan): Promise<CaseOutcome> {
    this.#cases += 1;
    const runId = `case-${process.pid}-${this.#cases}-${index < 0 ? "whole" : index}`;
    const expected = this.#expected.get(scenario);
    const store = await this.#stores.create(runId);
    let isClean = false;
    try {
      const options = { scenario, runId, store, kills, entrances, durability, expected };
      const play = cellScenarios.includes(scenario) ? playCellsCase : playTeamCase;
      const outcome = await play({ ...options, seed: `${this.#seed} ${index}` }, this.#tools);
      isClean = outcome.violations.length === 0;
      return { ...outcome, violations: outcome.violations.map((text) => this.#tools.pool.program.locate(text)) };
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { ...nothing, violations: [`the campaign itself failed: ${this.#tools.pool.program.locate(text)}`] };
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
  workedMs: 0,
  evidence: undefined,
};
