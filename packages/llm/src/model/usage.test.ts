import { describe, expect, it } from "vitest";
import type { Usage } from "./chat-model.ts";
import { estimateTextTokens, estimateTokens, tokensPerImage } from "./estimate-tokens.ts";
import { findPrice, priceOf, type PriceTable } from "./price.ts";
import { addUsage, emptyUsage, sumUsage, totalTokens } from "./usage.ts";
import { bookUsage, emptyLedger, mergeLedgers } from "./usage-ledger.ts";

const usage = (inputTokens: number, outputTokens: number, more: Partial<Usage> = {}): Usage => ({
  ...emptyUsage,
  inputTokens,
  outputTokens,
  ...more,
});

describe("usage", () => {
  it("adds every kind of token and remembers that a part was estimated", () => {
    const left = usage(10, 5, { cachedInputTokens: 4, reasoningTokens: 2 });
    const right = usage(1, 2, { cachedInputTokens: 1, reasoningTokens: 1, estimated: true });
    expect(addUsage(left, right)).toEqual({
      inputTokens: 11,
      outputTokens: 7,
      cachedInputTokens: 5,
      reasoningTokens: 3,
      estimated: true,
    });
    expect(addUsage(left, emptyUsage)).toEqual(left);
    expect(sumUsage([])).toEqual(emptyUsage);
    expect(totalTokens(sumUsage([left, right]))).toBe(18);
  });
});

describe("estimates", () => {
  it("takes four bytes for a token, in any script", () => {
    expect([estimateTextTokens(""), estimateTextTokens("a"), estimateTextTokens("abcdefgh")]).toEqual([0, 1, 2]);
    for (const text of ["Grüße", "日本語のテキスト", "😀😀", "a\u0800b", "\ud800"]) {
      expect(estimateTextTokens(text)).toBe(
        Math.ceil(new TextEncoder().encode(text.isWellFormed() ? text : "abcd").length / 4),
      );
    }
  });

  it("counts every part of a conversation and its tools", () => {
    const base = estimateTokens([{ role: "system", content: "Be brief." }]);
    expect(base).toBe(3 + 3);
    const image = estimateTokens([
      { role: "user", content: [{ kind: "file", mediaType: "image/png", data: "A".repeat(40_000) }] },
    ]);
    expect(image).toBe(tokensPerImage + 3);
    const call = estimateTokens([
      { role: "assistant", content: [{ kind: "tool-call", callId: "c", toolName: "look", arguments: '{"a":1}' }] },
    ]);
    expect(call).toBe(3 + 3 + 1 + 2);
    const result = estimateTokens([
      {
        role: "tool",
        content: [
          {
            kind: "tool-result",
            callId: "c",
            toolName: "look",
            status: "ok",
            content: [
              { kind: "json", value: [1, 2, 3] },
              { kind: "text", text: "done" },
            ],
          },
        ],
      },
    ]);
    expect(result).toBe(3 + 3 + 2 + 1);
    const tools = estimateTokens([], [{ name: "look", description: "Looks", inputSchema: { type: "object" } }]);
    expect(tools).toBe(1 + 2 + 5 + 3);
  });
});

describe("prices", () => {
  const price = { usdPerMillionInput: 2, usdPerMillionCachedInput: 0.5, usdPerMillionOutput: 8 };
  const table: PriceTable = {
    checked: "2026-01-01",
    source: "a test",
    prices: [
      { model: "lab:big", since: "2025-01-01", ...price, usdPerMillionInput: 4 },
      { model: "lab:big", since: "2025-06-01", ...price },
      { model: "lab:big-mini", since: "2025-01-01", ...price, usdPerMillionInput: 1 },
    ],
  };

  it("charges fresh input, cached input and output apart", () => {
    const cost = priceOf(usage(1_000_000, 500_000, { cachedInputTokens: 200_000 }), "lab:big", { table });
    expect(cost).toBeCloseTo(0.8 * 2 + 0.2 * 0.5 + 0.5 * 8, 12);
  });

  it("says null, never 0, for a model it does not know", () => {
    expect(priceOf(emptyUsage, "lab:bigger", { table })).toBeNull();
    expect(priceOf(usage(1, 1), "other:big", { table })).toBeNull();
    expect(priceOf(usage(1, 1), "lab:big-turbo", { table })).toBeNull();
  });

  it("takes a dated snapshot for its model, and the price of the day", () => {
    expect(findPrice(table, "lab:big-2025-08-07")).toMatchObject({ model: "lab:big", since: "2025-06-01" });
    expect(findPrice(table, "lab:big-mini-20250929")).toMatchObject({ model: "lab:big-mini" });
    expect(findPrice(table, "lab:big-latest", "2025-03-01")).toMatchObject({ since: "2025-01-01" });
    expect(findPrice(table, "lab:big", "2024-12-31")).toBeNull();
  });
});

describe("the ledger", () => {
  const call = (agent: string, usd: number | null, tool?: string) => ({
    model: "lab:big",
    usage: usage(10, 1),
    usd,
    agent,
    tool,
  });

  it("books each call once in total and under model, agent and tool", () => {
    const ledger = [call("ada", 0.5), call("bob", 0.25, "search"), call("ada", 0.25)].reduce(bookUsage, emptyLedger);
    expect(ledger.total).toMatchObject({ calls: 3, inputTokens: 30, outputTokens: 3, usd: 1 });
    expect(ledger.byAgent["ada"]).toMatchObject({ calls: 2, usd: 0.75 });
    expect(ledger.byModel["lab:big"]).toMatchObject({ calls: 3 });
    expect(Object.keys(ledger.byTool)).toEqual(["search"]);
    expect(emptyLedger.total.calls).toBe(0);
  });

  it("has no total price when one call has none", () => {
    const ledger = [call("ada", 0.5), call("bob", null)].reduce(bookUsage, emptyLedger);
    expect(ledger.total.usd).toBeNull();
    expect(ledger.byAgent["ada"]?.usd).toBe(0.5);
  });

  it("merges ledgers as if their calls had been booked in one", () => {
    const calls = [call("ada", 0.5), call("bob", 0.25, "search"), call("__proto__", 0.25)];
    const [first, ...rest] = calls;
    const merged = mergeLedgers(
      [first].flatMap((entry) => entry ?? []).reduce(bookUsage, emptyLedger),
      rest.reduce(bookUsage, emptyLedger),
    );
    expect(merged).toEqual(calls.reduce(bookUsage, emptyLedger));
    expect(Object.hasOwn(merged.byAgent, "__proto__")).toBe(true);
  });
});
