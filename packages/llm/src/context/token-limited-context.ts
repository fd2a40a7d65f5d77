import { keepOptions } from "@troupe/core";
import { estimateMessageTokens } from "../model/estimate-tokens.ts";
import { unitsFromEnd, unitsFromStart } from "../model/history/history-units.ts";
import type { ModelMessage } from "../model/model-message.ts";
import { rememberSizes } from "../model/remember-sizes.ts";
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
 * Each message is counted once, and one that cannot change is not counted again the next time.
 *
 * @throws ConfigError `config.invalid_option` unless `maxTokens` is a positive integer.
 */
export function tokenLimitedContext(options: TokenLimitedContextOptions): ModelContext {
  const maxTokens = checkSize("maxTokens", options.maxTokens);
  const countTokens = rememberSizes(options.countTokens ?? estimateMessageTokens);
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
  const sizes = history.map(countTokens);
  if (sumOf(sizes) <= maxTokens) return history;
  const [oldest, newest] = [unitsFromStart(history), unitsFromEnd(history)];
  let [head, tail, total] = [0, history.length, 0];
  for (let count = 1; head < tail; count += 1) {
    const isNewer = isAtEnd(count);
    const { value: unit } = (isNewer ? newest : oldest).next();
    if (unit === undefined) break;
    const start = isNewer ? tail - unit.length : head;
    total += sumOf(sizes.slice(start, start + unit.length));
    if (count > 1 && total > maxTokens) break;
    if (isNewer) tail = start;
    else head += unit.length;
  }
  return [...history.slice(0, head), ...history.slice(tail)];
}

function sumOf(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Which end the next of the kept units comes from. Dropping the one in the middle again and again leaves as many at the start as at the end, of
 * an odd number one more at the start; the last one left is the newest.
 */
function isAtEnd(count: number): boolean {
  return count === 1 || (count > 2 && count % 2 === 0);
}
