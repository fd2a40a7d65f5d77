import { ManualClock } from "@troupe/core/testing";
import { emptyUsage } from "@troupe/llm";
import { describe, expect, it } from "vitest";
import type { DurableRunEvent } from "../message/run-event.ts";
import { type BudgetOption, defaultBudget, loadBudget, resolveBudget, storeBudget } from "./budget.ts";
import { readSpending, toolKey } from "./recorded-spending.ts";
import { RunLedger } from "./run-ledger.ts";

/** A ledger, in a process that found these events of its run in the log. */
function open(budget: BudgetOption, events: readonly object[] = []) {
  const clock = new ManualClock();
  const over: string[] = [];
  const recorded = readSpending(events.map((event) => ({ path: ["a"], ...event }) as unknown as DurableRunEvent));
  const ledger = new RunLedger({
    budget: resolveBudget(budget),
    clock,
    onTimeOver: (detail) => over.push(detail),
    recorded,
  });
  return { clock, over, ledger };
}

const call = (callId: string, tokens = 0, usd = 0) => ({ callId, tokens, usd });
const ended = (callId: string, inputTokens = 0, usd: number | null = 0) => ({
  callId,
  made: 1,
  used: [{ model: "m", usage: { ...emptyUsage, inputTokens }, usd }],
});
const called = (callId: string, inputTokens = 0, more: object = {}) => ({
  kind: "model-called",
  callId,
  model: "m",
  usage: { ...emptyUsage, inputTokens },
  usd: 0,
  ...more,
});
const requested = (...callIds: readonly string[]) => ({
  kind: "tool-call-requested",
  calls: callIds.map((callId) => ({ callId })),
});
const finished = (callId: string, more: object = {}) => ({ kind: "tool-call-finished", result: { callId }, ...more });
const key = (callId: string) => toolKey(["a"], callId);
const exceeded = expect.objectContaining({ code: "run.budget_exceeded" }) as Error;

describe("RunLedger", () => {
  it("G1: refuses the call that would exceed a limit, also beside calls that are under way", () => {
    const { ledger } = open({ tokens: 100, modelCalls: 3 });
    ledger.reserveModelCall(call("1", 60), 0);
    expect(() => ledger.reserveModelCall(call("x", 41), 0)).toThrow(exceeded);
    ledger.reserveModelCall(call("2", 40), 0);
    ledger.settleModelCall(ended("1", 10));
    ledger.settleModelCall(ended("2", 10));
    ledger.reserveModelCall(call("3", 80), 0);
    expect(() => ledger.reserveModelCall(call("4"), 0)).toThrow(/modelCalls is limited to 3/);
  });

  it("G1: holds money and tool calls", () => {
    const { ledger } = open({ usd: 1, toolCalls: 1 });
    ledger.reserveModelCall(call("1", 0, 0.6), 0);
    ledger.settleModelCall(ended("1", 1, 0.9));
    expect(() => ledger.reserveModelCall(call("2", 0, 0.2), 0)).toThrow(/usd/);
    ledger.reserveToolCall(0);
    expect(() => ledger.reserveToolCall(0)).toThrow(/toolCalls/);
  });

  it("G1: holds money also when the price of another call is not known", () => {
    const { ledger } = open({ usd: 1, unpriced: "allow" });
    ledger.settleModelCall(ended("1", 1, 0.9));
    ledger.settleModelCall(ended("2", 1, null));
    expect(() => ledger.reserveModelCall(call("3", 0, 0.2), 0)).toThrow(/usd/);
  });

  it("G2: settles a call once, however often its turn is replayed; a call that failed used nothing", () => {
    const { ledger } = open({ tokens: 100, modelCalls: 3 });
    ledger.reserveModelCall(call("1", 100), 0);
    for (let replay = 0; replay < 3; replay++) ledger.settleModelCall(ended("1", 30));
    ledger.reserveModelCall(call("2", 70), 0);
    ledger.settleModelCall({ callId: "2", made: 1, used: [] });
    ledger.reserveModelCall(call("3", 70), 0);
    ledger.settleModelCall({ callId: "3", made: 1, used: [] });
    expect(() => ledger.reserveModelCall(call("4"), 0)).toThrow(/modelCalls/);
  });

  it("G2: gives back what a refused call had reserved, and does not count it", () => {
    const { ledger } = open({ tokens: 100, modelCalls: 2 });
    expect(() => ledger.reserveModelCall(call("1", 101), 0)).toThrow(exceeded);
    ledger.settleModelCall({ callId: "1", made: 0, used: [] });
    ledger.reserveModelCall(call("2", 50), 0);
    ledger.reserveModelCall(call("3", 50), 0);
  });

  it("G2: takes up where the record ends: calls in it are not booked again, calls behind it are", () => {
    const { ledger } = open({ tokens: 100, modelCalls: 3 }, [called("1", 40)]);
    ledger.settleModelCall(ended("1", 40));
    ledger.settleModelCall(ended("2", 40));
    expect(() => ledger.reserveModelCall(call("3", 21), 0)).toThrow(/tokens/);
    ledger.reserveModelCall(call("3", 20), 0);
    expect(() => ledger.reserveModelCall(call("4"), 0)).toThrow(/modelCalls/);
  });

  it("G3: counts time only while something runs, and tells once that it is over", () => {
    const { ledger, clock, over } = open({ wallTimeMs: 100 });
    const stop = ledger.startWork();
    clock.advance(60);
    stop();
    clock.advance(10_000);
    expect(over).toEqual([]);
    expect(ledger.activeMs).toBe(60);
    const again = ledger.startWork();
    const beside = ledger.startWork();
    clock.advance(39);
    expect(over).toEqual([]);
    clock.advance(1);
    expect(over).toEqual([expect.stringContaining("wallTimeMs is limited to 100")]);
    clock.advance(1000);
    expect(over).toHaveLength(1);
    again();
    beside();
    expect(() => ledger.reserveToolCall(0)).toThrow(/wallTimeMs/);
  });

  it("G3: goes on counting where the record ends; what ran side by side counts once", () => {
    const { ledger, clock, over } = open({ wallTimeMs: 100 }, [
      called("1", 0, { at: 1_030, durationMs: 30 }),
      requested("t", "u"),
      finished("t", { at: 5_010, durationMs: 10 }),
      finished("u", { at: 5_025, durationMs: 25 }),
      called("2", 0, { at: 9_015, durationMs: 15 }),
    ]);
    expect(ledger.activeMs).toBe(70);
    ledger.startWork();
    clock.advance(29);
    expect(over).toEqual([]);
    clock.advance(1);
    expect(over).toHaveLength(1);
  });

  it("G4: has no timer when it is closed", () => {
    const { ledger, clock, over } = open({ wallTimeMs: 100 });
    ledger.startWork();
    expect(clock.timerCount).toBe(1);
    ledger.close();
    ledger.startWork();
    expect(clock.timerCount).toBe(0);
    clock.advance(1000);
    expect(over).toEqual([]);
  });

  it("G5: books a model call that died at its reservation, each time that it did", () => {
    const { ledger } = open({ tokens: 100, modelCalls: 4 });
    ledger.reserveModelCall(call("1", 30), 2);
    expect(() => ledger.reserveModelCall(call("2", 11), 0)).toThrow(/tokens/);
    const lost = { model: "m", usage: { ...emptyUsage, inputTokens: 30 }, usd: 0 };
    ledger.settleModelCall({ callId: "1", made: 3, used: [lost, lost, { ...lost, usage: emptyUsage }] });
    ledger.reserveModelCall(call("2", 40), 0);
    expect(() => ledger.reserveModelCall(call("3"), 0)).toThrow(/modelCalls/);
  });

  it("G5: counts what died also when the budget refuses to make the call again", () => {
    const { ledger } = open({ modelCalls: 2, tokens: 100 });
    expect(() => ledger.reserveModelCall(call("1", 30), 2)).toThrow(/modelCalls/);
    const lost = { model: "m", usage: { ...emptyUsage, inputTokens: 30 }, usd: 0 };
    ledger.settleModelCall({ callId: "1", made: 2, used: [lost, lost] });
    expect(() => ledger.reserveModelCall(call("2"), 0)).toThrow(/modelCalls/);
  });

  it("G5: knows from the record which tool calls may have run, before any of them runs again", () => {
    const events = [requested("1", "2", "3"), finished("1")];
    const { ledger } = open({ toolCalls: 5 }, events);
    ledger.reserveToolCall(1, key("2"));
    ledger.reserveToolCall(1, key("3"));
    expect(() => ledger.reserveToolCall(0, key("4"))).toThrow(/toolCalls/);
    const tight = open({ toolCalls: 4 }, events).ledger;
    tight.reserveToolCall(1, key("2"));
    expect(() => tight.reserveToolCall(1, key("3"))).toThrow(/toolCalls/);
  });

  it("G5: does not count a call twice that had waited for its approval", () => {
    const { ledger } = open({ toolCalls: 2 }, [requested("1", "2")]);
    ledger.reserveToolCall(0, key("1"));
    ledger.reserveToolCall(0, key("2"));
    expect(() => ledger.reserveToolCall(0, key("3"))).toThrow(/toolCalls/);
  });

  it("G5: reads how often calls and programs were made from their events", () => {
    const { ledger } = open({ toolCalls: 8, modelCalls: 3 }, [
      requested("1", "2", "3"),
      finished("1", { executions: 0 }),
      finished("2", { executions: 3 }),
      finished("3"),
      { kind: "code-started" },
      { kind: "code-finished", executions: 2 },
      { kind: "code-started" },
      called("m", 0, { isEstimated: true }),
      called("m"),
      { kind: "model-failed", callId: "n" },
    ]);
    expect(() => ledger.reserveModelCall(call("o"), 0)).toThrow(/modelCalls/);
    ledger.reserveToolCall(1, key(""));
    expect(() => ledger.reserveToolCall(0)).toThrow(/toolCalls/);
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
