import type { Usage } from "./chat-model.ts";

/** No tokens at all: the neutral element of `addUsage`. */
export const emptyUsage: Usage = Object.freeze({
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
  estimated: false,
});

/** The sum of two usages; it is an estimate as soon as one of them is. */
export function addUsage(left: Usage, right: Usage): Usage {
  return {
    inputTokens: left.inputTokens + right.inputTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    cachedInputTokens: left.cachedInputTokens + right.cachedInputTokens,
    reasoningTokens: left.reasoningTokens + right.reasoningTokens,
    estimated: left.estimated || right.estimated,
  };
}

/** The sum of many usages; `emptyUsage` when there is none. */
export function sumUsage(usages: Iterable<Usage>): Usage {
  let total = emptyUsage;
  for (const usage of usages) total = addUsage(total, usage);
  return total;
}

/** Input plus output tokens: what budgets and termination rules count. Cached and reasoning tokens are parts of these. */
export function totalTokens(usage: Usage): number {
  return usage.inputTokens + usage.outputTokens;
}
