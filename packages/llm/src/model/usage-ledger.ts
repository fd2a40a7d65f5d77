import type { Usage } from "./chat-model.ts";
import { addUsage, emptyUsage } from "./usage.ts";

/** One call to be booked. `usd` is null when its price is unknown. */
export interface UsageEntry {
  readonly model: string;
  readonly usage: Usage;
  readonly usd: number | null;
  readonly agent?: string | undefined;
  readonly tool?: string | undefined;
}

/** A sum of calls. `usd` is null as soon as one call has no price: a sum that leaves something out is not a sum. */
export interface UsageSum extends Usage {
  readonly calls: number;
  readonly usd: number | null;
}

/** What was used, in total and by who caused it. A value: booking makes a new one. */
export interface UsageLedger {
  readonly total: UsageSum;
  readonly byModel: Readonly<Record<string, UsageSum>>;
  readonly byAgent: Readonly<Record<string, UsageSum>>;
  readonly byTool: Readonly<Record<string, UsageSum>>;
}

const emptySum: UsageSum = /* @__PURE__ */ createEmptySum();

// A function: a bundler drops a pure call that nobody needs, but not what its arguments read.
function createEmptySum(): UsageSum {
  return Object.freeze({ ...emptyUsage, calls: 0, usd: 0 });
}

/** A ledger without entries. */
export const emptyLedger: UsageLedger = /* @__PURE__ */ Object.freeze({
  total: emptySum,
  byModel: {},
  byAgent: {},
  byTool: {},
});

/** The ledger with one more call. */
export function bookUsage(ledger: UsageLedger, entry: UsageEntry): UsageLedger {
  return {
    total: addEntry(ledger.total, entry),
    byModel: bookUnder(ledger.byModel, entry.model, entry),
    byAgent: bookUnder(ledger.byAgent, entry.agent, entry),
    byTool: bookUnder(ledger.byTool, entry.tool, entry),
  };
}

/** The ledger of two ledgers together, as when a nested team reports to its parent. */
export function mergeLedgers(left: UsageLedger, right: UsageLedger): UsageLedger {
  return {
    total: addSums(left.total, right.total),
    byModel: mergeSums(left.byModel, right.byModel),
    byAgent: mergeSums(left.byAgent, right.byAgent),
    byTool: mergeSums(left.byTool, right.byTool),
  };
}

type Sums = Readonly<Record<string, UsageSum>>;

function bookUnder(sums: Sums, key: string | undefined, entry: UsageEntry): Sums {
  return key === undefined ? sums : withSum(sums, key, addEntry(sumAt(sums, key), entry));
}

function mergeSums(left: Sums, right: Sums): Sums {
  return Object.entries(right).reduce(
    (merged, [key, sum]) => withSum(merged, key, addSums(sumAt(merged, key), sum)),
    left,
  );
}

/** `fromEntries` and `hasOwn`: an agent may be called `constructor` or `__proto__`. */
function withSum(sums: Sums, key: string, sum: UsageSum): Sums {
  return Object.fromEntries([...Object.entries(sums).filter(([name]) => name !== key), [key, sum]]);
}

function sumAt(sums: Sums, key: string): UsageSum {
  return (Object.hasOwn(sums, key) ? sums[key] : undefined) ?? emptySum;
}

function addEntry(sum: UsageSum, entry: UsageEntry): UsageSum {
  return addSums(sum, { ...entry.usage, calls: 1, usd: entry.usd });
}

function addSums(left: UsageSum, right: UsageSum): UsageSum {
  const usd = left.usd === null || right.usd === null ? null : left.usd + right.usd;
  return { ...addUsage(left, right), calls: left.calls + right.calls, usd };
}
