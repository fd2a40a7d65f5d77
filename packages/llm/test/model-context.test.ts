import { ConfigError } from "@troupe/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bufferedContext,
  estimateTokens,
  freezeMessage,
  headAndTailContext,
  historyUnits,
  type ModelMessage,
  tokenLimitedContext,
  toolResultClearingContext,
  unboundedContext,
} from "@troupe/llm";
import { validHistory } from "./history-arbitrary.ts";

const user = (text: string): ModelMessage => ({ role: "user", content: [{ kind: "text", text }] });
const says = (text: string): ModelMessage => ({ role: "assistant", content: [{ kind: "text", text }] });
const calls = (...ids: string[]): ModelMessage => ({
  role: "assistant",
  content: ids.map((callId) => ({ kind: "tool-call", callId, toolName: "t", arguments: "{}" })),
});
const results = (...ids: string[]): ModelMessage => ({
  role: "tool",
  content: ids.map((callId) => ({ kind: "tool-result", callId, toolName: "t", status: "ok", content: [] })),
});
const withText = (message: ModelMessage, text: string): ModelMessage =>
  message.role === "tool"
    ? { ...message, content: message.content.map((part) => ({ ...part, content: [{ kind: "text", text } as const] })) }
    : message;
const mark = (count: number): ModelMessage => ({
  role: "user",
  name: "System",
  content: [{ kind: "text", text: `Skipped ${count} messages.` }],
});

describe("unbounded", () => {
  it("shows everything", () => {
    const history = [user("a"), says("b")];
    expect(unboundedContext().select(history)).toEqual(history);
  });
});

describe("buffered", () => {
  it("shows the last messages", () => {
    const history = [user("1"), says("2"), user("3"), says("4")];
    expect(bufferedContext({ size: 2 }).select(history)).toEqual([user("3"), says("4")]);
    expect(bufferedContext({ size: 4 }).select(history)).toEqual(history);
  });

  it("drops results whose call does not fit, all of them", () => {
    const history = [user("1"), calls("a", "b"), results("a"), results("b"), says("5")];
    expect(bufferedContext({ size: 3 }).select(history)).toEqual([says("5")]);
    expect(bufferedContext({ size: 4 }).select(history)).toEqual(history.slice(1));
  });

  it("always shows the newest unit", () => {
    const history = [user("1"), calls("a"), results("a")];
    expect(bufferedContext({ size: 1 }).select(history)).toEqual([calls("a"), results("a")]);
  });
});

describe("head and tail", () => {
  it("says how many messages are missing", () => {
    const history = [user("1"), says("2"), user("3"), says("4"), user("5")];
    expect(headAndTailContext({ head: 1, tail: 2 }).select(history)).toEqual([
      user("1"),
      mark(2),
      says("4"),
      user("5"),
    ]);
    expect(headAndTailContext({ head: 3, tail: 2 }).select(history)).toEqual(history);
  });

  it("counts what it trims to keep units whole", () => {
    const history = [user("1"), calls("a"), results("a"), says("4"), calls("b"), results("b"), says("7")];
    expect(headAndTailContext({ head: 2, tail: 2 }).select(history)).toEqual([user("1"), mark(5), says("7")]);
  });
});

describe("token-limited", () => {
  const countTokens = (): number => 10;

  it("drops from the middle outwards", () => {
    const history = ["1", "2", "3", "4", "5"].map(user);
    const select = (maxTokens: number) => tokenLimitedContext({ maxTokens, countTokens }).select(history);
    expect(select(50)).toBe(history);
    expect(select(49)).toEqual(["1", "2", "4", "5"].map(user));
    expect(select(30)).toEqual(["1", "2", "5"].map(user));
    expect(select(20)).toEqual(["1", "5"].map(user));
    expect(select(19)).toEqual([user("5")]);
    expect(select(1)).toEqual([user("5")]);
  });

  it("counts each message once, however many are dropped", () => {
    let counted = 0;
    const history = Array.from({ length: 200 }, (_, index) => user(String(index)));
    const context = tokenLimitedContext({ maxTokens: 50, countTokens: () => ((counted += 1), 10) });
    expect(context.select(history)).toHaveLength(5);
    expect(counted).toBe(200);
  });

  it("counts a message that cannot change once for all requests", () => {
    let counted = 0;
    const history = Array.from({ length: 200 }, (_, index) => freezeMessage(user(String(index))));
    const context = tokenLimitedContext({ maxTokens: 50, countTokens: () => ((counted += 1), 10) });
    expect(context.select(history)).toHaveLength(5);
    history.push(freezeMessage(user("new")));
    expect(context.select(history)).toHaveLength(5);
    expect(counted).toBe(201);
  });

  it("shows what dropping the unit in the middle again and again would leave", () => {
    fc.assert(
      fc.property(validHistory, fc.integer({ min: 1, max: 200 }), (history, maxTokens) => {
        const units = [...historyUnits(history)];
        while (units.length > 1 && estimateTokens(units.flat()) > maxTokens) {
          const middle = Math.floor(units.length / 2);
          units.splice(middle === units.length - 1 ? middle - 1 : middle, 1);
        }
        expect(tokenLimitedContext({ maxTokens }).select(history)).toEqual(units.flat());
      }),
      { numRuns: 500 },
    );
  });

  it("stays within its limit unless the newest unit alone is larger", () => {
    fc.assert(
      fc.property(validHistory, fc.integer({ min: 1, max: 200 }), (history, maxTokens) => {
        const view = tokenLimitedContext({ maxTokens }).select(history);
        expect(estimateTokens(view) <= maxTokens || view.length <= (historyUnits(history).at(-1)?.length ?? 0)).toBe(
          true,
        );
      }),
    );
  });
});

describe("every context", () => {
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses the size %s", (size) => {
    expect(() => bufferedContext({ size })).toThrow(ConfigError);
    expect(() => headAndTailContext({ head: size, tail: 1 })).toThrow(ConfigError);
    expect(() => headAndTailContext({ head: 1, tail: size })).toThrow(ConfigError);
  });

  it("shows of messages that cannot change what it shows of others, however often", () => {
    const long = "a word or two ".repeat(20);
    fc.assert(
      fc.property(validHistory, fc.integer({ min: 1, max: 6 }), (drawn, size) => {
        const history = drawn.map((message) => (message.role === "tool" ? withText(message, long) : message));
        const frozen = structuredClone(history).map(freezeMessage);
        for (const context of [
          bufferedContext({ size }),
          headAndTailContext({ head: size, tail: size }),
          tokenLimitedContext({ maxTokens: size * 10 }),
          toolResultClearingContext({ keep: size }),
        ]) {
          const shown = context.select(history);
          for (const _time of [1, 2]) expect(context.select(frozen)).toEqual(shown);
        }
      }),
    );
  });

  it("shows what a message says now, when somebody has changed it", () => {
    const [asked, answered] = [calls("a"), withText(results("a"), "a word or two ".repeat(20))];
    const history = [asked, answered, calls("b"), results("b")];
    const clearing = toolResultClearingContext({ keep: 1 });
    const limited = tokenLimitedContext({ maxTokens: 60 });
    expect(JSON.stringify(clearing.select(history)[1])).toContain("An old result of about");
    expect(limited.select(history)).toHaveLength(2);
    Object.assign(answered, withText(answered, "short"));
    expect(clearing.select(history)[1]).toEqual(withText(results("a"), "short"));
    expect(limited.select(history)).toHaveLength(4);
  });

  it("shows whole units only, in order, and does not touch the history", () => {
    fc.assert(
      fc.property(
        validHistory,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        (history, head, tail) => {
          const before = JSON.stringify(history);
          for (const context of [
            bufferedContext({ size: tail }),
            headAndTailContext({ head, tail }),
            tokenLimitedContext({ maxTokens: tail * 10 }),
          ]) {
            const view = context.select(history);
            const seen = new Set(view);
            for (const unit of historyUnits(history)) {
              const shown = unit.filter((message) => seen.has(message)).length;
              expect([0, unit.length]).toContain(shown);
            }
            expect(view.filter((message) => history.includes(message))).toEqual(
              history.filter((message) => seen.has(message)),
            );
            const skipped = view.flatMap((message) => (history.includes(message) ? [] : [message]));
            if (skipped.length > 0) expect(skipped).toEqual([mark(history.length - view.length + 1)]);
            const last = history.at(-1);
            if (last !== undefined) expect(view.at(-1)).toBe(last);
          }
          expect(JSON.stringify(history)).toBe(before);
        },
      ),
      { numRuns: 500 },
    );
  });
});
