import { bookUsage, emptyLedger, emptyUsage, type UsageEntry } from "@troupe/llm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addSpent, type Spent, toSpent, toUsageLedger, toUsageSum } from "./spent.ts";
import { UsageBook } from "./usage-book.ts";

const names = fc.constantFrom("a", "b", "__proto__", "constructor");
const entry: fc.Arbitrary<UsageEntry> = fc.record({
  model: names,
  agent: names,
  usage: fc.record({
    inputTokens: fc.nat(1000),
    outputTokens: fc.nat(1000),
    cachedInputTokens: fc.nat(10),
    reasoningTokens: fc.nat(10),
    estimated: fc.boolean(),
  }),
  // Cents as whole numbers: sums of them do not depend on the order.
  usd: fc.oneof(fc.nat(100), fc.constant(null)),
});

describe("sums of calls", () => {
  it("are the same whether they grow in place, are made anew with each call, or come as what turns have cost", () => {
    fc.assert(
      fc.property(fc.array(fc.array(entry, { maxLength: 5 }), { maxLength: 5 }), (turns) => {
        const expected = turns.flat().reduce((ledger, each) => bookUsage(ledger, each), emptyLedger);
        const book = new UsageBook();
        for (const each of turns.flat()) book.book(each);
        expect(book.ledger).toEqual(expected);
        const spent = turns.reduce<readonly Spent[]>(
          (known, calls) => addSpent(known, addSpent([], calls.map(toSpent))),
          [],
        );
        expect(toUsageLedger(spent)).toEqual(expected);
        expect(toUsageSum(spent)).toEqual(expected.total);
        expect(new Set(spent.map(([agent, model]) => `${agent} ${model}`)).size).toBe(spent.length);
      }),
    );
  });

  it("are values: a ledger that was handed out does not change", () => {
    const book = new UsageBook();
    const one = { model: "m", agent: "a", usage: { ...emptyUsage, inputTokens: 1 }, usd: 1 };
    book.book(one);
    const { ledger, total } = book;
    book.book(one);
    expect([ledger.total.calls, ledger.byAgent["a"]?.inputTokens, total.usd, book.total.usd]).toEqual([1, 1, 1, 2]);
  });
});
