import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { damagedHistory, validHistory } from "../../../test/history-arbitrary.ts";
import type { ModelMessage } from "../model-message.ts";
import { historyUnits, unitsFromEnd, unitsFromStart } from "./history-units.ts";

/** As it is said: an assistant's message with calls and everything up to the last of their results, before it speaks again. */
function endOfUnit(history: readonly ModelMessage[], start: number): number {
  const first = history[start];
  if (first?.role !== "assistant") return start + 1;
  const open = new Set(first.content.flatMap((part) => (part.kind === "tool-call" ? [part.callId] : [])));
  let end = start + 1;
  for (let index = end; open.size > 0 && index < history.length; index += 1) {
    const message = history[index];
    if (message?.role === "assistant") break;
    if (message?.role !== "tool") continue;
    const answers = message.content.filter((part) => open.delete(part.callId)).length;
    if (answers > 0 || index === end) end = index + 1;
  }
  return end;
}

describe("units of a history", () => {
  it("are the same from either end, and joined the history", () => {
    fc.assert(
      fc.property(fc.oneof(validHistory, damagedHistory), (history) => {
        const units = historyUnits(history);
        expect(units.flat()).toEqual(history);
        expect([...unitsFromStart(history)]).toEqual(units);
        expect([...unitsFromEnd(history)].toReversed()).toEqual(units);
        let start = 0;
        for (const unit of units) {
          expect(start + unit.length).toBe(endOfUnit(history, start));
          start += unit.length;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("are read from the end without a look at the start", () => {
    const says: ModelMessage = { role: "assistant", content: [{ kind: "text", text: "on" }] };
    const history: ModelMessage[] = Array.from({ length: 1_000 }, () => says);
    let reads = 0;
    const watched = new Proxy(history, {
      get: (target, key, receiver): unknown => {
        reads += 1;
        return Reflect.get(target, key, receiver);
      },
    });
    expect(unitsFromEnd(watched).next().value).toEqual([says]);
    expect(reads).toBeLessThan(20);
  });
});
