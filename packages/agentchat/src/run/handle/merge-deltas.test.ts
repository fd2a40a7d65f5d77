import type { JsonValue, LiveEvent } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { mergeDeltas } from "./merge-deltas.ts";

function live(kind: string, payload: JsonValue): LiveEvent {
  return { live: true, runId: "r", path: ["a"], kind, payload, after: 1 };
}

const text = (messageId: string, delta: string) => live("text-delta", { messageId, delta });
const output = (messageId: string, partial: JsonValue) => live("output-delta", { messageId, partial });

describe("mergeDeltas", () => {
  it("joins pieces of one text", () => {
    expect(mergeDeltas(text("m", "a"), text("m", "b"))).toEqual(text("m", "ab"));
    expect(mergeDeltas(text("m", "a"), text("n", "b"))).toBeUndefined();
  });

  it("takes the newer of two pictures of one answer", () => {
    expect(mergeDeltas(output("m", { a: "x" }), output("m", { a: "xy" }))).toEqual(output("m", { a: "xy" }));
    expect(mergeDeltas(output("m", {}), output("n", {}))).toBeUndefined();
    expect(mergeDeltas(text("m", "a"), output("m", {}))).toBeUndefined();
  });
});
