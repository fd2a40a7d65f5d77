import { emptyUsage, type UsageEntry, type UsageLedger, type UsageSum } from "@troupe/llm";

type MutableSum = { -readonly [Field in keyof UsageSum]: UsageSum[Field] };
type Sums = Map<string, MutableSum>;

/** Sums of calls that grow in place: a booking costs the same however many calls, agents and models there were before. */
export class UsageBook {
  readonly #total: MutableSum = createSum();
  readonly #byModel: Sums = new Map();
  readonly #byAgent: Sums = new Map();
  readonly #byTool: Sums = new Map();

  /** Adds what one call used, or so many calls together. */
  book(entry: UsageEntry, calls: number = 1): void {
    const booking = { ...entry, calls };
    add(this.#total, booking);
    bookUnder(this.#byModel, entry.model, booking);
    bookUnder(this.#byAgent, entry.agent, booking);
    bookUnder(this.#byTool, entry.tool, booking);
  }

  /** The sum over everything so far. */
  get total(): UsageSum {
    return { ...this.#total };
  }

  /** All sums so far, as a value. */
  get ledger(): UsageLedger {
    return {
      total: this.total,
      byModel: toRecord(this.#byModel),
      byAgent: toRecord(this.#byAgent),
      byTool: toRecord(this.#byTool),
    };
  }
}

function createSum(): MutableSum {
  return { ...emptyUsage, calls: 0, usd: 0 };
}

type Booking = UsageEntry & { readonly calls: number };

function bookUnder(sums: Sums, name: string | undefined, booking: Booking): void {
  if (name === undefined) return;
  let sum = sums.get(name);
  if (sum === undefined) {
    sum = createSum();
    sums.set(name, sum);
  }
  add(sum, booking);
}

function add(sum: MutableSum, { usage, usd, calls }: Booking): void {
  sum.inputTokens += usage.inputTokens;
  sum.outputTokens += usage.outputTokens;
  sum.cachedInputTokens += usage.cachedInputTokens;
  sum.reasoningTokens += usage.reasoningTokens;
  sum.estimated ||= usage.estimated;
  sum.calls += calls;
  // A sum that leaves out a call without a price is not a sum.
  sum.usd = sum.usd === null || usd === null ? null : sum.usd + usd;
}

/** `fromEntries`: an agent may be called `__proto__`. */
function toRecord(sums: Sums): Readonly<Record<string, UsageSum>> {
  return Object.fromEntries([...sums].map(([name, sum]) => [name, { ...sum }]));
}
