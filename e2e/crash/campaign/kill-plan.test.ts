import { describe, expect, test } from "vitest";
import { type Kill, planCases, type ScenarioSize } from "./kill-plan.ts";

const sizes: readonly ScenarioSize[] = [
  { scenario: "small", events: 3, writes: 4, requests: 2, durationMs: 50 },
  { scenario: "large", events: 12, writes: 20, requests: 6, durationMs: 400 },
];

/** What each scenario can be killed at, once. */
function boundaries(): readonly string[] {
  return sizes.flatMap(({ scenario, events, writes, requests }) => {
    const each = (at: Kill["at"], count: number): readonly string[] =>
      Array.from({ length: count }, (_, index) => `${scenario} ${at} ${index + 1}`);
    const atWrites = (["write-before", "write-during", "write-after"] as const).flatMap((at) => each(at, writes));
    return [
      ...each("event", events),
      ...atWrites,
      ...each("request", requests),
      ...each("answer", requests),
      `${scenario} finished`,
    ];
  });
}

function nameOf(scenario: string, kill: Kill): string {
  return "number" in kill ? `${scenario} ${kill.at} ${kill.number}` : `${scenario} ${kill.at}`;
}

describe("the plan of a long campaign", () => {
  const plans = planCases({ sizes, kills: 1000, seed: "plan" });

  test("begins with one death at every event, then at every write and request", () => {
    const all = boundaries();
    const first = plans.slice(0, all.length);
    expect(first.every(({ kills }) => kills.length === 1)).toBe(true);
    const names = first.flatMap(({ scenario, kills }) => kills.map((kill) => nameOf(scenario, kill)));
    expect(names.toSorted()).toEqual([...all].sort());
    expect(names.slice(0, 15).every((name) => name.includes(" event "))).toBe(true);
  });

  test("goes on with rows of deaths that no message is set aside for, of every kind", () => {
    const rows = plans.slice(boundaries().length).map(({ kills }) => kills);
    expect(Math.max(...rows.map((kills) => kills.length))).toBe(4);
    const kinds = new Set(rows.flat().map(({ at }) => at));
    expect([...kinds].sort()).toEqual([
      "answer",
      "event",
      "request",
      "time",
      "write-after",
      "write-before",
      "write-during",
    ]);
  });

  test("each of a row of four finds its part of the run", () => {
    const numbers = plans
      .filter(({ scenario, kills }) => scenario === "large" && kills.length === 4)
      .flatMap(({ kills }) => kills.flatMap((kill) => (kill.at === "event" ? [kill.number] : [])));
    expect(numbers.length).toBeGreaterThan(20);
    expect(Math.max(...numbers)).toBe(6);
  });

  test("plans more deaths than are wanted, and the same ones for the same seed", () => {
    expect(plans.flatMap(({ kills }) => kills).length).toBeGreaterThanOrEqual(2000);
    expect(planCases({ sizes, kills: 1000, seed: "plan" })).toEqual(plans);
    expect(planCases({ sizes, kills: 1000, seed: "other" })).not.toEqual(plans);
  });
});

test("a campaign too short for every event takes single deaths and rows", () => {
  const plans = planCases({ sizes, kills: 12, seed: "short" });
  const isRow = plans.map(({ kills }) => kills.length > 1);
  expect(isRow).toContain(true);
  expect(isRow.filter((row) => !row).length).toBeGreaterThan(plans.length / 2);
});
