import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { damagedHistory, validHistory } from "../../../test/history-arbitrary.ts";
import type { ModelMessage } from "../model-message.ts";
import { cleanMessage } from "./clean-content.ts";
import { freezeMessage } from "./fixed-message.ts";
import { GrowingHistories } from "./growing-histories.ts";
import { type HistoryRules, historyRules } from "./history-rules.ts";
import { normalize } from "./normalize.ts";

const formats = Object.values(historyRules);

/** A request of one of several conversations: how far it has come, and whether it goes on elsewhere. */
const request = fc.record({ of: fc.nat(2), upTo: fc.nat(20), turnsTo: fc.option(fc.nat(2), { nil: undefined }) });

const idsOf = (history: readonly ModelMessage[]): readonly string[] =>
  history.flatMap((message) =>
    message.role === "assistant"
      ? message.content.flatMap((part) => (part.kind === "tool-call" ? [part.callId] : []))
      : [],
  );

function check(histories: GrowingHistories, history: readonly ModelMessage[], rules: HistoryRules): void {
  expect(histories.normalize(history)).toEqual(normalize(history, rules));
  const ids = idsOf(history);
  for (const callId of [...ids, "", "-0", "other"])
    expect(histories.hasCall(history, callId)).toBe(ids.includes(callId));
}

describe("GrowingHistories", () => {
  it("1: makes of every history what normalize makes of it, whatever was asked before", () => {
    const conversations = fc.array(fc.oneof(validHistory, damagedHistory), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.tuple(conversations, fc.boolean()),
        fc.array(request, { maxLength: 12 }),
        fc.constantFrom(...formats),
        ([drawn, isFrozen], requests, rules) => {
          const all = isFrozen ? drawn.map((history) => history.map(freezeMessage)) : drawn;
          const histories = new GrowingHistories(rules, (message) => cleanMessage(message, rules));
          for (const { of, upTo, turnsTo } of requests) {
            const shared = all[of]?.slice(0, upTo) ?? [];
            const history = [...shared, ...(turnsTo === undefined ? [] : (all[turnsTo] ?? []))];
            for (const asked of [history.slice(0, -2), history, [...history, { role: "user", content: [] } as const]])
              check(histories, asked, rules);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("1: reads again what somebody may still change", () => {
    const rules = historyRules.anthropic;
    const histories = new GrowingHistories(rules, (message) => cleanMessage(message, rules));
    const part = { kind: "text" as const, text: "first" };
    const history: ModelMessage[] = [
      { role: "user", content: [{ kind: "text", text: "task" }] },
      { role: "assistant", content: [part] },
      { role: "user", content: [{ kind: "text", text: "on" }] },
    ];
    expect(histories.normalize(history)).toHaveLength(3);
    part.text = " ";
    const [only, ...more] = histories.normalize(history);
    expect(more).toEqual([]);
    expect(only?.content).toHaveLength(2);
  });

  it("cleans of a conversation that goes on only what is new, also among as many others as are remembered", () => {
    const rules = historyRules.anthropic;
    const cleaned: ModelMessage[] = [];
    const histories = new GrowingHistories(rules, (message) => {
      cleaned.push(message);
      return cleanMessage(message, rules);
    });
    const conversations = Array.from({ length: 32 }, (): ModelMessage[] => []);
    for (let round = 0; round < 6; round += 1) {
      for (const [index, conversation] of conversations.entries()) {
        const text = `${index}, ${round}`;
        for (const role of ["user", "assistant"] as const)
          conversation.push(freezeMessage({ role, content: [{ kind: "text", text }] }));
        histories.normalize([...conversation]);
      }
    }
    expect(cleaned).toHaveLength(32 * 6 * 2);
    expect(new Set(cleaned).size).toBe(cleaned.length);
  });
});
