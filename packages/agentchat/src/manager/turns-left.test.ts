import { describe, expect, it } from "vitest";
import { resolveBudget } from "../budget/budget.ts";
import type { ActiveRun, OpenTurn } from "./manager-state.ts";
import { turnsLeft } from "./turns-left.ts";

function run(turnsTaken: number, more: Partial<ActiveRun> = {}): ActiveRun {
  return {
    runId: "r",
    taskKey: "",
    startedAt: 0,
    threadStart: 0,
    turns: 0,
    turnsTaken,
    condition: null,
    turnsUnderWay: {},
    isStopping: false,
    interjected: [],
    ...more,
  };
}

const open = (granted?: number): OpenTurn => ({
  speaker: "a",
  attempt: 1,
  heard: 0,
  ...(granted !== undefined && { granted }),
});

describe("turns that a manager may still ask for", () => {
  it("are those of the budget that nobody has taken and no nested team may take", () => {
    const budget = resolveBudget({ turns: 10 });
    expect(turnsLeft(run(3), budget)).toBe(7);
    expect(turnsLeft(run(3, { turnsUnderWay: { x: open(4), y: open() } }), budget)).toBe(3);
  });

  it("are within a nested team those that it was granted", () => {
    const budget = resolveBudget({ turns: 10 });
    const parent = { tag: "t", wantsEvents: false };
    expect(turnsLeft(run(3, { parent: { ...parent, turnsGranted: 4 } }), budget)).toBe(1);
    expect(turnsLeft(run(3, { parent }), resolveBudget("unbounded"))).toBe(Number.POSITIVE_INFINITY);
  });
});
