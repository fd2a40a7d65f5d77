import { formatDuration } from "../../terminal/human-units.ts";
import { describePrice } from "./describe-event.ts";
import { numberAt, valueAt } from "./json-view.ts";
import { type Moment, timeOf } from "./run-moments.ts";

/** What a run has taken so far: calls of models and tools, tokens, money, deaths. */
export interface RunFigures {
  /** Calls that were answered. */
  readonly modelCalls: number;
  /** Calls whose process died before their answer was recorded; their most is in the sums. */
  readonly lostCalls: number;
  readonly toolCalls: number;
  readonly programs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Null when the price of a call is not known. */
  readonly usd: number | null;
  readonly recoveries: number;
  /** Milliseconds from the first to the last moment. */
  readonly durationMs: number;
}

/** Adds up the course of a run. */
export function sumMoments(moments: readonly Moment[]): RunFigures {
  const events = moments.flatMap((moment) => (moment.kind === "event" ? [moment.event] : []));
  const calls = events.filter(({ kind }) => kind === "model-called").map(({ payload }) => payload);
  const lost = calls.filter((call) => valueAt(call, ["isEstimated"]) === true);
  const count = (kind: string): number => events.filter((event) => event.kind === kind).length;
  const sum = (...path: string[]): number =>
    calls.reduce<number>((total, call) => total + (numberAt(call, ...path) ?? 0), 0);
  return {
    modelCalls: calls.length - lost.length,
    lostCalls: lost.length,
    toolCalls: count("tool-call-finished"),
    programs: count("code-finished"),
    inputTokens: sum("usage", "inputTokens"),
    outputTokens: sum("usage", "outputTokens"),
    usd: calls.some((call) => numberAt(call, "usd") === undefined) ? null : sum("usd"),
    recoveries: moments.filter(({ kind }) => kind === "recovered").length,
    durationMs: Math.max(0, timeOf(moments.at(-1)) - timeOf(moments[0])),
  };
}

/** The sums in words. */
export function describeFigures(figures: RunFigures): string {
  const { modelCalls, lostCalls, toolCalls, programs, inputTokens, outputTokens, usd, recoveries, durationMs } =
    figures;
  const parts = [
    formatDuration(durationMs),
    `model calls: ${modelCalls}${lostCalls > 0 ? ` and ${lostCalls} lost` : ""}`,
    ...(toolCalls > 0 ? [`tool calls: ${toolCalls}`] : []),
    ...(programs > 0 ? [`programs: ${programs}`] : []),
    ...(modelCalls > 0 ? [`${inputTokens} + ${outputTokens} tokens`, describePrice(usd)] : []),
    ...(recoveries > 0 ? [`taken over after a death: ${recoveries === 1 ? "once" : `${recoveries} times`}`] : []),
  ];
  return parts.join(" | ");
}
