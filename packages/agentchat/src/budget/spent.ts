import { emptyUsage, type UsageEntry, type UsageLedger, type UsageSum } from "@troupe/llm";
import { UsageBook } from "./usage-book.ts";

/**
 * What one agent has used of one model: how the cost of a turn travels to its manager, in the turn's reply.
 *
 * Managers decide by what they were told, not by what a ledger in this process knows: a replayed manager decides the same.
 */
export interface SpentEntry extends UsageSum {
  readonly agent: string;
  readonly model: string;
}

/** One call as an entry. */
export function toSpent({ model, usage, usd, agent = "" }: UsageEntry): SpentEntry {
  return { agent, model, calls: 1, usd, ...usage };
}

/** Fewer entries that say the same: one for each agent and model. */
export function mergeSpent(entries: readonly SpentEntry[]): readonly SpentEntry[] {
  const merged = new Map<string, SpentEntry>();
  for (const entry of entries) {
    const key = JSON.stringify([entry.agent, entry.model]);
    const known = merged.get(key);
    merged.set(key, known === undefined ? entry : { ...entry, ...addSums(known, entry) });
  }
  return [...merged.values()];
}

/** The sum of two sums; without a price as soon as one of them is. */
export function addSums(left: UsageSum, right: UsageSum): UsageSum {
  return {
    inputTokens: left.inputTokens + right.inputTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    cachedInputTokens: left.cachedInputTokens + right.cachedInputTokens,
    reasoningTokens: left.reasoningTokens + right.reasoningTokens,
    estimated: left.estimated || right.estimated,
    calls: left.calls + right.calls,
    usd: left.usd === null || right.usd === null ? null : left.usd + right.usd,
  };
}

/** Nothing spent yet. */
export const noSum: UsageSum = Object.freeze({ ...emptyUsage, calls: 0, usd: 0 });

/** Everything spent, in total and by who caused it. */
export function toUsageLedger(entries: readonly SpentEntry[]): UsageLedger {
  const book = new UsageBook();
  for (const { agent, model, calls, usd, ...usage } of entries) book.book({ agent, model, usage, usd }, calls);
  return book.ledger;
}
