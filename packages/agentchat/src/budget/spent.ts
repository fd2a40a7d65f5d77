import type { UsageEntry, UsageLedger, UsageSum } from "@troupe/llm";
import { UsageBook } from "./usage-book.ts";

/**
 * What one agent has used of one model, as it travels to its manager in the reply of a turn and is kept in the manager's state: agent, model,
 * input, output, cached input and reasoning tokens, calls, dollars, whether some of it is estimated. A tuple, because it is written with every turn.
 *
 * Managers decide by what they were told, not by what a ledger in this process knows: a replayed manager decides the same.
 */
export type Spent = readonly [
  agent: string,
  model: string,
  input: number,
  output: number,
  cached: number,
  reasoning: number,
  calls: number,
  usd: number | null,
  isEstimated: 0 | 1,
];

/** One call. */
export function toSpent({ model, usage, usd, agent = "" }: UsageEntry): Spent {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens, estimated } = usage;
  return [agent, model, inputTokens, outputTokens, cachedInputTokens, reasoningTokens, 1, usd, estimated ? 1 : 0];
}

/** Both together: one entry for each agent and model. */
export function addSpent(known: readonly Spent[], more: readonly Spent[]): readonly Spent[] {
  if (known.length === 0 && more.length < 2) return more;
  const sums = [...known];
  for (const entry of more) {
    const index = sums.findIndex(([agent, model]) => agent === entry[0] && model === entry[1]);
    const sum = sums[index];
    if (sum === undefined) sums.push(entry);
    else sums[index] = add(sum, entry);
  }
  return sums;
}

function add(left: Spent, right: Spent): Spent {
  return [
    left[0],
    left[1],
    left[2] + right[2],
    left[3] + right[3],
    left[4] + right[4],
    left[5] + right[5],
    left[6] + right[6],
    left[7] === null || right[7] === null ? null : left[7] + right[7],
    left[8] === 1 || right[8] === 1 ? 1 : 0,
  ];
}

/** Everything spent, in total and by who caused it. */
export function toUsageLedger(entries: readonly Spent[]): UsageLedger {
  return toBook(entries).ledger;
}

/** Everything spent, in total. */
export function toUsageSum(entries: readonly Spent[]): UsageSum {
  return toBook(entries).total;
}

function toBook(entries: readonly Spent[]): UsageBook {
  const book = new UsageBook();
  for (const [
    agent,
    model,
    inputTokens,
    outputTokens,
    cachedInputTokens,
    reasoningTokens,
    calls,
    usd,
    estimated,
  ] of entries) {
    const usage = { inputTokens, outputTokens, cachedInputTokens, reasoningTokens, estimated: estimated === 1 };
    book.book({ agent, model, usage, usd }, calls);
  }
  return book;
}
