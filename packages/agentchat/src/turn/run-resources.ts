import type { Clock } from "@troupe/core";
import { type PriceTable, ToolLimiter } from "@troupe/llm";
import { type Budget, loadBudget, type StoredBudget } from "../budget/budget.ts";
import { RunLedger } from "../budget/run-ledger.ts";
import { createLiveFaults, type LiveFaults } from "../message/live-faults.ts";

/** What the turns of one run share in this process; everything in it can be made again from the run's record. */
export interface RunResources {
  readonly ledger: RunLedger;
  readonly limiter: ToolLimiter;
}

/** What a run hands down in its run context. */
export interface InheritedRun {
  readonly budget: StoredBudget;
}

/** What the turns of a registered runner get from its surroundings. */
export interface TurnEnvironment {
  readonly clock: Clock;
  readonly prices: PriceTable;
  resources(run: { readonly runId: string; readonly inherited?: unknown }, cell: string): RunResources;
  /** The run is over: nothing of it stays but what it failed with, until its handle has asked. */
  close(runId: string): void;
  readonly faults: LiveFaults;
}

/** What an environment is made of. */
export interface EnvironmentOptions {
  readonly clock: Clock;
  readonly prices: PriceTable;
  /** Called once when a run's wall time is spent. */
  readonly onTimeOver: (run: { readonly cell: string; readonly runId: string; readonly detail: string }) => void;
}

/**
 * Makes the environment of one runner on one runtime.
 *
 * Invariant: an entry exists from the first turn of a run to `close`, so finished runs leave nothing (I9).
 */
export function createEnvironment(options: EnvironmentOptions): TurnEnvironment {
  const runs = new Map<string, RunResources>();
  return {
    faults: createLiveFaults(),
    clock: options.clock,
    prices: options.prices,
    resources: (run, cell) => {
      const known = runs.get(run.runId);
      if (known !== undefined) return known;
      const { runId } = run;
      const onTimeOver = (detail: string): void => options.onTimeOver({ cell, runId, detail });
      const made = {
        ledger: new RunLedger({ budget: readBudget(run.inherited), clock: options.clock, onTimeOver }),
        limiter: new ToolLimiter(),
      };
      runs.set(runId, made);
      return made;
    },
    close: (runId) => {
      runs.get(runId)?.ledger.close();
      runs.delete(runId);
    },
  };
}

/** The budget in a run context; the default for a context that another program made. */
function readBudget(inherited: unknown): Budget {
  if (!hasBudget(inherited)) return loadBudget({});
  return loadBudget(inherited.budget);
}

function hasBudget(value: unknown): value is InheritedRun {
  return typeof value === "object" && value !== null && "budget" in value && typeof value.budget === "object";
}
