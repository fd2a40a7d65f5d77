import {
  applyMarks,
  estimateMessageTokens,
  historyRules,
  historyUnits,
  type ModelMessage,
  normalize,
  openHistory,
  pruneHistory,
  rollingSummaryContext,
  tokenLimitedContext,
  toolResultClearingContext,
} from "@troupe/llm";
import { historyValidators, ScriptedModel } from "@troupe/llm/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { validHistory } from "./history-arbitrary.ts";

const user = (text: string): ModelMessage => ({ role: "user", content: [{ kind: "text", text }] });
const says = (text: string): ModelMessage => ({ role: "assistant", content: [{ kind: "text", text }] });
const round = (id: string, text: string): readonly ModelMessage[] => [
  { role: "assistant", content: [{ kind: "tool-call", callId: id, toolName: "t", arguments: "{}" }] },
  {
    role: "tool",
    content: [{ kind: "tool-result", callId: id, toolName: "t", status: "ok", content: [{ kind: "text", text }] }],
  },
];
const tokensOf = (messages: readonly ModelMessage[]): number =>
  messages.reduce((sum, message) => sum + estimateMessageTokens(message), 0);
const long = "word ".repeat(400);
const shown = (history: readonly ModelMessage[]) => applyMarks(history, { summaries: false });

/** A conversation of many rounds with long results. */
function rounds(count: number): readonly ModelMessage[] {
  return [
    user("the task"),
    ...Array.from({ length: count }, (_, index) => round(`c${index}`, `${index}: ${long}`)).flat(),
  ];
}

describe("pruneHistory", () => {
  it("leaves what fits alone, and never changes the kept messages", () => {
    const history = rounds(5);
    expect(pruneHistory(history, { maxTokens: 1_000_000, summaries: false })).toBeUndefined();
    const pruned = pruneHistory(history, { maxTokens: 500, summaries: false });
    expect(pruned).toBeDefined();
    expect(openHistory([...history, ...(pruned === undefined ? [] : [pruned.mark])]).messages).toEqual(history);
  });

  it("first clears old results, and every call keeps its result", () => {
    const history = rounds(20);
    const pruned = pruneHistory(history, { maxTokens: 5_000, summaries: false });
    expect(pruned).toMatchObject({ messages: 0 });
    expect(pruned?.cleared).toBeGreaterThan(10);
    const view = pruned === undefined ? [] : shown([...history, pruned.mark]);
    expect(view).toHaveLength(history.length);
    expect(tokensOf(view)).toBe(pruned?.tokensAfter);
    expect(tokensOf(view)).toBeLessThanOrEqual(5_000);
    expect(view.slice(-8)).toEqual(history.slice(-8));
  });

  it("then leaves out the oldest units behind the task, and says how many messages", () => {
    const history = [
      user("the task"),
      ...Array.from({ length: 50 }, (_, index) => [says(long), user(`${index}`)]).flat(),
    ];
    const pruned = pruneHistory(history, { maxTokens: 3_000, summaries: false });
    const view = pruned === undefined ? [] : shown([...history, pruned.mark]);
    expect(view[0]).toEqual(history[0]);
    expect(view[1]).toMatchObject({ role: "user", content: [{ text: `Skipped ${pruned?.messages} messages.` }] });
    expect(view.slice(2)).toEqual(history.slice(1 + (pruned?.messages ?? 0)));
    expect(tokensOf(view)).toBeLessThanOrEqual(3_000);
  });

  it("at last cuts the texts of what is left, so that one huge message does not stop the conversation", () => {
    const history = [user(`start ${long.repeat(20)} end`)];
    const pruned = pruneHistory(history, { maxTokens: 500, summaries: false });
    const view = pruned === undefined ? [] : shown([...history, pruned.mark]);
    expect(tokensOf(view)).toBeLessThanOrEqual(500);
    expect(JSON.stringify(view)).toMatch(/start .* tokens left out .* end/);
  });

  it("goes further when it is asked again, and stays where it was between", () => {
    let history = rounds(20);
    const first = pruneHistory(history, { maxTokens: 4_000, summaries: false });
    if (first !== undefined) history = [...history, first.mark];
    const before = shown(history);
    history = [...history, ...round("x", "small")];
    // What is shown only grows: the start stays the same for the provider's cache.
    expect(shown(history).slice(0, before.length)).toEqual(before);
    const second = pruneHistory(history, { maxTokens: 1_000, summaries: false });
    expect(second?.tokensAfter).toBeLessThanOrEqual(1_000);
    expect(second?.messages).toBeGreaterThan(first?.messages ?? 0);
  });

  it("fits any history into any room, valid for every provider", () => {
    fc.assert(
      fc.property(validHistory, fc.integer({ min: 40, max: 400 }), (history, maxTokens) => {
        const pruned = pruneHistory(history, { maxTokens, summaries: false });
        if (pruned === undefined) return;
        const view = shown([...history, pruned.mark]);
        expect(tokensOf(view)).toBe(pruned.tokensAfter);
        expect(pruned.tokensAfter).toBeLessThan(pruned.tokensBefore);
        expect(historyValidators["openai-chat"](normalize(view, historyRules["openai-chat"]))).toEqual([]);
        // Every call that is shown has its result beside it: nothing had to be invented.
        const statuses = JSON.stringify(normalize(view, historyRules["openai-chat"]));
        expect(statuses).not.toContain("No result was recorded");
      }),
      { numRuns: 500 },
    );
  });
});

describe("toolResultClearingContext", () => {
  it("shows a note for old results and keeps every pair", () => {
    const history = rounds(12);
    const view = toolResultClearingContext({ keep: 3 }).select(history);
    expect(view).toHaveLength(history.length);
    const texts = view.flatMap((message) => (message.role === "tool" ? message.content : []));
    expect(texts.map((part) => JSON.stringify(part.content).includes("not shown any more"))).toEqual(
      Array.from({ length: 12 }, (_, index) => index < 9),
    );
    expect(normalize(view, historyRules.permissive)).toEqual(view);
  });

  it("changes the start of the conversation only with every step", () => {
    const context = toolResultClearingContext({ keep: 2, step: 4 });
    const cleared = (count: number) =>
      context.select(rounds(count)).filter((message) => JSON.stringify(message).includes("not shown")).length;
    expect([5, 6, 7, 8, 9, 10].map(cleared)).toEqual([0, 4, 4, 4, 4, 8]);
  });

  it("refuses sizes that are none", () => {
    expect(() => toolResultClearingContext({ keep: 0 })).toThrow(/keep/);
  });
});

describe("rollingSummaryContext", () => {
  const model = new ScriptedModel([]);
  const context = rollingSummaryContext({ maxTokens: 2_000, keepTokens: 800 });

  it("wants a summary when enough is new, of whole units, and then not before as much has come again", () => {
    let history: readonly ModelMessage[] = rounds(3);
    expect(context.condense?.(history, model)).toBeUndefined();
    history = rounds(8);
    const due = context.condense?.(history, model);
    expect(due?.messages).toBeGreaterThan(4);
    expect(JSON.stringify(due?.request.messages)).toContain("the task");
    if (due === undefined) return;
    history = [...history, due.toMark("they looked things up")];
    expect(context.condense?.(history, model)).toBeUndefined();
    const view = context.select(history);
    expect(view[0]).toMatchObject({
      role: "user",
      content: [{ text: expect.stringContaining("they looked things up") }],
    });
    expect(view.slice(1)).toEqual(rounds(8).slice(due.messages));
    expect(tokensOf(view)).toBeLessThanOrEqual(2_000);
    const grown = [...history, ...rounds(6).slice(1)];
    const next = context.condense?.(grown, model);
    // The next summary tells on from the last.
    expect(JSON.stringify(next?.request.messages)).toContain("they looked things up");
    expect(JSON.stringify(next?.request.messages)).not.toContain("the task");
  });

  it("summarises at most what its model can read at once", () => {
    const small = new ScriptedModel([], { capabilities: { contextWindow: 4_000 } });
    const due = context.condense?.(rounds(40), small);
    expect(tokensOf(due?.request.messages ?? [])).toBeLessThan(3_000);
    expect(due?.messages).toBeLessThan(20);
    const huge = [user(long.repeat(50)), says("yes"), user("and?")];
    expect(tokensOf(context.condense?.(huge, small)?.request.messages ?? [])).toBeLessThan(3_000);
  });

  it("cuts a summary that is no summary, and leaves room to think", () => {
    const due = context.condense?.(rounds(8), model);
    expect(due?.request.maxOutputTokens).toBeUndefined();
    const mark = due?.toMark(long.repeat(20));
    expect(tokensOf(mark === undefined ? [] : [mark])).toBeLessThan(2_100);
  });

  it("cuts no unit, whatever the history", () => {
    const tiny = rollingSummaryContext({ maxTokens: 30, keepTokens: 10 });
    fc.assert(
      fc.property(validHistory, (history) => {
        const due = tiny.condense?.(history, model);
        if (due === undefined) return;
        const ends = new Set(
          historyUnits(history).map(
            (
              (end) => (unit) =>
                (end += unit.length)
            )(0),
          ),
        );
        expect(ends.has(due.messages)).toBe(true);
        expect(due.messages).toBeLessThan(history.length);
        const view = tiny.select([...history, due.toMark("summary")]);
        expect(view.slice(1)).toEqual(history.slice(due.messages));
      }),
      { numRuns: 300 },
    );
  });
});

describe("tokenLimitedContext", () => {
  it("shows at most its tokens unless the newest unit alone is larger, and no less than it could", () => {
    fc.assert(
      fc.property(validHistory, fc.integer({ min: 1, max: 200 }), (history, maxTokens) => {
        const view = tokenLimitedContext({ maxTokens }).select(history);
        const units = historyUnits(history);
        const newest = tokensOf(units.at(-1) ?? []);
        expect(tokensOf(view)).toBeLessThanOrEqual(Math.max(maxTokens, newest));
        if (tokensOf(history) <= maxTokens) expect(view).toBe(history);
        // It stopped as soon as it fitted: what was left out last stands at an edge of the gap.
        const seen = new Set(view);
        const dropped = units.filter((unit) => unit[0] !== undefined && !seen.has(unit[0]));
        const edges = [dropped[0], dropped.at(-1)].map((unit) => tokensOf(unit ?? []));
        if (dropped.length > 0) expect(tokensOf(view) + Math.max(...edges)).toBeGreaterThan(maxTokens);
      }),
      { numRuns: 500 },
    );
  });
});
