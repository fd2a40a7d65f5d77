import { keepOptions } from "@troupe/core";
import { estimateMessageTokens } from "../model/estimate-tokens.ts";
import { historyUnits } from "../model/history/history-units.ts";
import type { ModelMessage } from "../model/model-message.ts";
import { checkSize } from "./check-size.ts";
import type { ModelContext } from "./model-context.ts";

/** How much a model may see. */
export interface TokenLimitedContextOptions {
  /** Tokens of the whole view, framing included. Leave room for tools and the answer. */
  readonly maxTokens: number;
  /** Tokens of one message; default `estimateMessageTokens`. A tokenizer makes the limit exact. */
  readonly countTokens?: ((message: ModelMessage) => number) | undefined;
}

/**
 * Shows the model as much as fits into a number of tokens, dropping units from the middle outwards: the task at the start and the latest
 * exchanges stay longest. The newest unit is always shown, even when it is larger than the limit.
 *
 * Each message is counted once.
 *
 * @throws ConfigError `config.invalid_option` unless `maxTokens` is a positive integer.
 */
export function tokenLimitedContext(options: TokenLimitedContextOptions): ModelContext {
  const maxTokens = checkSize("maxTokens", options.maxTokens);
  const countTokens = options.countTokens ?? estimateMessageTokens;
  const context: ModelContext = {
    kind: "model-context",
    name: `token-limited(${maxTokens})`,
    select: (history) => selectWithin(history, maxTokens, countTokens),
  };
  return keepOptions(context, "@troupe/llm/tokenLimitedContext", options);
}

function selectWithin(
  history: readonly ModelMessage[],
  maxTokens: number,
  countTokens: (message: ModelMessage) => number,
): readonly ModelMessage[] {
  const units = historyUnits(history).map((messages) => ({
    messages,
    tokens: messages.reduce((sum, message) => sum + countTokens(message), 0),
  }));
  let total = units.reduce((sum, unit) => sum + unit.tokens, 0);
  if (total <= maxTokens) return history;
  // Removing the middle again and again empties one stretch around it: two ends that move apart.
  let first = Math.floor(units.length / 2);
  let last = first;
  for (let count = units.length; total > maxTokens && count > 1; count -= 1) {
    const middle = Math.floor(count / 2);
    const isBefore = middle < first || last === units.length - 1;
    const dropped = isBefore ? units[(first -= 1)] : units[last];
    if (!isBefore) last += 1;
    total -= dropped?.tokens ?? 0;
  }
  return [...units.slice(0, first), ...units.slice(last)].flatMap((unit) => unit.messages);
}
