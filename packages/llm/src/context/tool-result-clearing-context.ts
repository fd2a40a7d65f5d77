import { keepOptions } from "@troupe/core";
import { historyUnits } from "../model/history/history-units.ts";
import type { ModelMessage } from "../model/model-message.ts";
import { checkSize } from "./check-size.ts";
import type { ModelContext } from "./model-context.ts";
import { clearResults } from "./shorten-messages.ts";

/** Which results a model still reads. */
export interface ToolResultClearingOptions {
  /** Rounds of tool calls whose results are always shown; default 5. */
  readonly keep?: number | undefined;
  /**
   * Rounds that are cleared at once; default `keep`. What is cleared changes only with every such number of rounds: the start of the
   * conversation stays the same between, and with it what a provider has cached.
   */
  readonly step?: number | undefined;
}

/**
 * Shows the model everything, but of old results of tools only a note: what a tool said long ago is the first thing a conversation can do
 * without. Every call keeps its result, and small results are left alone.
 *
 * @throws ConfigError `config.invalid_option` unless the numbers are positive integers.
 */
export function toolResultClearingContext(options: ToolResultClearingOptions = {}): ModelContext {
  const keep = checkSize("keep", options.keep ?? 5);
  const step = checkSize("step", options.step ?? keep);
  const context: ModelContext = {
    kind: "model-context",
    name: `tool-result-clearing(${keep}, ${step})`,
    select: (history) => clearOld(history, keep, step),
  };
  return keepOptions(context, "@troupe/llm/toolResultClearingContext", options);
}

function clearOld(history: readonly ModelMessage[], keep: number, step: number): readonly ModelMessage[] {
  const units = historyUnits(history);
  const rounds = units.filter(isRound).length;
  let toClear = Math.floor(Math.max(0, rounds - keep) / step) * step;
  if (toClear === 0) return history;
  return units.flatMap((unit) => {
    if (toClear === 0 || !isRound(unit)) return unit;
    toClear -= 1;
    return unit.map(clearResults);
  });
}

function isRound(unit: readonly ModelMessage[]): boolean {
  return unit.some((message) => message.role === "tool");
}
