import { agentId, LogDecoder, type StoreRecord } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { type EncodedAppend, Encoders } from "./encoders.ts";

const record = (detail: string): StoreRecord => ({ kind: "control", at: 1, runId: "r", action: "pause", detail });

function encode(encoders: Encoders, cell: string, epoch: number): EncodedAppend {
  return encoders.encode({ cell, epoch, position: 0, records: [record("x")] });
}

describe("Encoders", () => {
  test("E1: a cell's rows go on from each other until the epoch changes or the cell is forgotten", () => {
    const encoders = new Encoders();
    const starts = (cell: string, epoch: number): boolean => encode(encoders, cell, epoch).startsSegment;
    expect([starts("a", 1), starts("a", 1), starts("b", 1)]).toEqual([true, false, true]);
    expect([starts("a", 2), starts("a", 2)]).toEqual([true, false]);
    encoders.forget("a");
    expect([starts("a", 2), starts("b", 1)]).toEqual([true, false]);
    encoders.forget();
    expect([starts("a", 2), starts("b", 1)]).toEqual([true, true]);
  });

  test("E2: the one used longest ago is dropped", () => {
    const encoders = new Encoders();
    const starts = (cell: string): boolean => encode(encoders, cell, 1).startsSegment;
    for (let index = 0; index < 1_024; index++) expect(starts(`cell ${index}`)).toBe(true);
    expect(starts("cell 0")).toBe(false);
    expect(starts("one more")).toBe(true);
    expect(starts("cell 0")).toBe(false);
    expect(starts("cell 1")).toBe(true);
  });

  test("E3: what another encoder has left is summed up with the next row, and named by where it starts and ends", () => {
    const turn: StoreRecord = {
      kind: "turn",
      at: 1,
      turn: "",
      messageId: "",
      agent: agentId("a", "b"),
      state: "x".repeat(80),
    };
    const records = Array.from({ length: 40 }, () => turn);
    const { text } = new Encoders().encode({ cell: "a", epoch: 1, position: 60, records });
    const encoders = new Encoders();
    encoders.follow("a", 2, { start: 60, texts: [text] });
    expect([encoders.has("a", 2), encoders.has("a", 1), encoders.has("b", 2)]).toEqual([true, false, false]);
    const row = encoders.encode({ cell: "a", epoch: 2, position: 100, records: [record("x")] });
    expect([row.startsSegment, row.summary?.start]).toEqual([true, 60]);
    expect(encode(encoders, "a", 2).summary).toBeUndefined();
  });

  test("large strings come with the row that names them, as PostgreSQL can keep them", () => {
    const encoders = new Encoders();
    const large = `\u0000${"x".repeat(300_000)}`;
    const first = encoders.encode({ cell: "a", epoch: 1, position: 0, records: [record(large)] });
    const second = encoders.encode({ cell: "b", epoch: 1, position: 0, records: [record("small")] });
    expect([first.blobs.length, first.texts.size, second.texts.size]).toEqual([1, 1, 0]);
    expect([...first.texts.keys()]).toEqual(first.blobs);
    expect([...first.texts.values()][0]).not.toContain("\u0000");
    const decoder = new LogDecoder({ fromBlob: () => large });
    expect(decoder.decode(first.text)).toEqual([record(large)]);
  });
});
