import { LogDecoder, type StoreRecord } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { Encoders } from "./encoders.ts";

const record = (detail: string): StoreRecord => ({ kind: "control", at: 1, runId: "r", action: "pause", detail });

describe("Encoders", () => {
  test("E1: a cell's rows go on from each other until the epoch changes or the cell is forgotten", () => {
    const encoders = new Encoders();
    const starts = (cell: string, epoch: number): boolean => encoders.encode(cell, epoch, [record("x")]).startsSegment;
    expect([starts("a", 1), starts("a", 1), starts("b", 1)]).toEqual([true, false, true]);
    expect([starts("a", 2), starts("a", 2)]).toEqual([true, false]);
    encoders.forget("a");
    expect([starts("a", 2), starts("b", 1)]).toEqual([true, false]);
    encoders.forget();
    expect([starts("a", 2), starts("b", 1)]).toEqual([true, true]);
  });

  test("E2: the one used longest ago is dropped", () => {
    const encoders = new Encoders();
    const starts = (cell: string): boolean => encoders.encode(cell, 1, [record("x")]).startsSegment;
    for (let index = 0; index < 1_024; index++) expect(starts(`cell ${index}`)).toBe(true);
    expect(starts("cell 0")).toBe(false);
    expect(starts("one more")).toBe(true);
    expect(starts("cell 0")).toBe(false);
    expect(starts("cell 1")).toBe(true);
  });

  test("large strings come with the row that names them, as PostgreSQL can keep them", () => {
    const encoders = new Encoders();
    const large = `\u0000${"x".repeat(300_000)}`;
    const first = encoders.encode("a", 1, [record(large)]);
    const second = encoders.encode("b", 1, [record("small")]);
    expect([first.blobs.length, first.texts.size, second.texts.size]).toEqual([1, 1, 0]);
    expect([...first.texts.keys()]).toEqual(first.blobs);
    expect([...first.texts.values()][0]).not.toContain("\u0000");
    const decoder = new LogDecoder({ fromBlob: () => large });
    expect(decoder.decode(first.text)).toEqual([record(large)]);
  });
});
