import type { Budget } from "../budget/budget.ts";
import type { ActiveRun } from "./manager-state.ts";

/**
 * Turns that a manager may still ask for: what it was granted, without those taken and those that nested teams at work may still take.
 * Computed from its state alone, so that a replay decides the same.
 */
export function turnsLeft(run: ActiveRun, budget: Budget): number {
  const granted = run.parent === undefined ? budget.turns : (run.parent.turnsGranted ?? Number.POSITIVE_INFINITY);
  const spokenFor = Object.values(run.turnsUnderWay).reduce((sum, turn) => sum + (turn.granted ?? 0), 0);
  return granted - run.turnsTaken - spokenFor;
}
