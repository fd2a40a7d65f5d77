import { applyMarks, markMessage, type ModelMessage, openHistory } from "@troupe/llm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HistoryView } from "./history-view.ts";

const long = "a word or two ".repeat(40);
const says = (text: string): ModelMessage => ({ role: "assistant", content: [{ kind: "text", text }] });

function round(callId: string): readonly ModelMessage[] {
  const name = { callId, toolName: "t" } as const;
  return [
    { role: "assistant", content: [{ kind: "tool-call", ...name, arguments: "{}" }] },
    {
      role: "tool",
      content: [{ kind: "tool-result", ...name, status: "ok", content: [{ kind: "text", text: long }] }],
    },
  ];
}

/** Mostly where a mark of ours could cut; some cut where there is nothing yet, or never was. */
const place = fc.integer({ min: -2, max: 12 });
const mark: fc.Arbitrary<ModelMessage> = fc.oneof(
  place.map((upTo) => markMessage({ kind: "summary", upTo }, "what was said")),
  fc.tuple(place, fc.nat(5_000)).map(([upTo, tokens]) => markMessage({ kind: "size", upTo, tokens }, "size")),
  fc
    .tuple(place, place, place, place)
    .map(([head, upTo, clearedUpTo, cutUpTo]) =>
      markMessage({ kind: "pruned", head, upTo, clearedUpTo, cutUpTo, partTokens: 20 }, "less"),
    ),
);
const entries = fc.oneof(
  { weight: 3, arbitrary: fc.nat(99).map((index) => round(`c${index}`)) },
  { weight: 2, arbitrary: fc.nat(99).map((index) => [says(`${index}: ${long}`)]) },
  { weight: 1, arbitrary: mark.map((message) => [message]) },
);

describe("HistoryView", () => {
  it("1: says what openHistory and applyMarks say of all entries, whenever it is asked", () => {
    const steps = fc.array(fc.record({ entries, isAsked: fc.boolean() }), { maxLength: 20 });
    fc.assert(
      fc.property(steps, fc.boolean(), (taken, summaries) => {
        const history: ModelMessage[] = [];
        const view = new HistoryView(history, { summaries });
        for (const step of [...taken, { entries: [], isAsked: true }]) {
          history.push(...step.entries);
          if (!step.isAsked) continue;
          expect(view.opened).toEqual(openHistory(history));
          expect(view.shown).toEqual(applyMarks(history, { summaries }));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("2: shows the same objects until something else is left out", () => {
    const history: ModelMessage[] = [...round("a"), ...round("b"), ...round("c")];
    const view = new HistoryView(history, { summaries: true });
    history.push(markMessage({ kind: "pruned", head: 0, upTo: 2, clearedUpTo: 4, cutUpTo: 0, partTokens: 0 }, "less"));
    const before = [...view.shown];
    expect(before).toHaveLength(5);
    expect(before.every((message) => Object.isFrozen(message))).toBe(true);
    history.push(markMessage({ kind: "size", upTo: 6, tokens: 9 }, "size"), says("on"));
    expect(view.shown.slice(0, 5).every((message, index) => message === before[index])).toBe(true);
    expect(view.shown).toHaveLength(6);
    history.push(markMessage({ kind: "summary", upTo: 6 }, "what was said"));
    expect(view.shown).toEqual([expect.objectContaining({ role: "user" }), says("on")]);
  });
});
