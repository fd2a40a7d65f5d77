import { ManualClock } from "@troupe/core/testing";
import { emptyUsage } from "@troupe/llm";
import { describe, expect, it } from "vitest";
import { type BudgetOption, defaultBudget, loadBudget, resolveBudget, storeBudget } from "./budget.ts";
import { RunLedger } from "./run-ledger.ts";

function open(budget: BudgetOption) {
  const clock = new ManualClock();
  const over: string[] = [];
  const ledger = new RunLedger({ budget: resolveBudget(budget), clock, onTimeOver: (detail) => over.push(detail) });
  return { clock, over, ledger };
}

const used = (inputTokens: number, usd: number | null = 0) => ({
  model: "m",
  usage: { ...emptyUsage, inputTokens },
  usd,
});
const exceeded = expect.objectContaining({ code: "run.budget_exceeded" }) as Error;

describe("RunLedger", () => {
  it("G1: refuses the call that would exceed a limit, also beside calls that are under way", () => {
    const { ledger } = open({ tokens: 100, modelCalls: 3 });
    const first = ledger.reserveModelCall({ tokens: 60, usd: 0 });
    expect(() => ledger.reserveModelCall({ tokens: 41, usd: 0 })).toThrow(exceeded);
    const second = ledger.reserveModelCall({ tokens: 40, usd: 0 });
    first(used(10));
    second(used(10));
    ledger.reserveModelCall({ tokens: 80, usd: 0 })(used(1));
    expect(() => ledger.reserveModelCall({ tokens: 0, usd: 0 })).toThrow(/modelCalls is limited to 3/);
    expect(ledger.total.inputTokens).toBe(21);
  });

  it("G1: holds money, tool calls and turns", () => {
    const { ledger } = open({ usd: 1, toolCalls: 1, turns: 2 });
    ledger.reserveModelCall({ tokens: 0, usd: 0.6 })(used(1, 0.9));
    expect(() => ledger.reserveModelCall({ tokens: 0, usd: 0.2 })).toThrow(/usd/);
    ledger.reserveToolCall()();
    expect(() => ledger.reserveToolCall()).toThrow(/toolCalls/);
    ledger.takeTurn();
    ledger.takeTurn();
    expect(() => ledger.takeTurn()).toThrow(/turns/);
  });

  it("G2: settles a reservation once; without usage it was free", () => {
    const { ledger } = open({ tokens: 100 });
    const settle = ledger.reserveModelCall({ tokens: 100, usd: 0 });
    settle(used(30));
    settle(used(30));
    ledger.reserveModelCall({ tokens: 70, usd: 0 })();
    expect(ledger.total.inputTokens).toBe(30);
    ledger.reserveModelCall({ tokens: 70, usd: 0 });
  });

  it("G3: counts time only while something runs, and tells once that it is over", () => {
    const { ledger, clock, over } = open({ wallTimeMs: 100 });
    const settle = ledger.startWork();
    clock.advance(60);
    settle();
    clock.advance(10_000);
    expect(over).toEqual([]);
    const again = ledger.reserveToolCall();
    const beside = ledger.startWork();
    clock.advance(39);
    expect(over).toEqual([]);
    clock.advance(1);
    expect(over).toEqual([expect.stringContaining("wallTimeMs is limited to 100")]);
    clock.advance(1000);
    expect(over).toHaveLength(1);
    again();
    beside();
    expect(() => ledger.takeTurn()).toThrow(/wallTimeMs/);
  });

  it("G4: has no timer when it is closed", () => {
    const { ledger, clock, over } = open({ wallTimeMs: 100 });
    ledger.startWork();
    expect(clock.timerCount).toBe(1);
    ledger.close();
    expect(clock.timerCount).toBe(0);
    clock.advance(1000);
    expect(over).toEqual([]);
  });
});

describe("budgets", () => {
  it("take the run's limits before the runner's before the default", () => {
    expect(resolveBudget(undefined, undefined)).toEqual(defaultBudget);
    expect(resolveBudget({ turns: 3 }, { turns: 9, modelCalls: 7 })).toEqual({
      ...defaultBudget,
      turns: 3,
      modelCalls: 7,
    });
    expect(resolveBudget({ turns: 3 }, "unbounded")).toMatchObject({ turns: 3, modelCalls: Number.POSITIVE_INFINITY });
    expect(resolveBudget("unbounded", { turns: 3 }).turns).toBe(Number.POSITIVE_INFINITY);
  });

  it("survive as JSON", () => {
    for (const budget of [defaultBudget, resolveBudget("unbounded"), resolveBudget({ usd: 0.5, depth: 0 })]) {
      expect(loadBudget(JSON.parse(JSON.stringify(storeBudget(budget))) as object)).toEqual(budget);
    }
  });
});
