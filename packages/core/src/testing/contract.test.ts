import { describe, expect, test } from "vitest";
import { type ContractCase, declareContract, expectCode, expectEqual, runContract } from "./index.ts";

const cases: readonly ContractCase<{ readonly value: number }>[] = [
  { name: "is one", invariant: "X1", run: ({ value }) => expectEqual(value, 1, "value") },
  { name: "is two", invariant: "X2", run: async ({ value }) => expectEqual(value, 2, "value") },
];

describe("contracts", () => {
  test("the plain runner reports passed, failed and skipped cases and disposes every environment", async () => {
    let disposed = 0;
    const create = (): { value: number } => ({ value: 1 });
    const dispose = (): void => void (disposed += 1);
    const report = await runContract(cases, { create, dispose });
    expect(report).toMatchObject({
      passed: 1,
      failed: 1,
      skipped: 0,
      results: [
        { name: "X1: is one", status: "passed" },
        { status: "failed", error: { message: "value: expected 2, got 1" } },
      ],
    });
    expect(disposed).toBe(2);
    expect(await runContract(cases, { create, skips: { "is two": "one is enough" } })).toMatchObject({
      passed: 1,
      failed: 0,
      skipped: 1,
    });
  });

  test("a skip must name a case", async () => {
    await expect(runContract(cases, { create: () => ({ value: 1 }), skips: { "is ten": "why" } })).rejects.toThrow(
      "is ten",
    );
  });

  test("each case becomes a test of the framework", async () => {
    const tests = new Map<string, () => Promise<void>>();
    declareContract(
      cases,
      { create: () => ({ value: 2 }), skips: { "is one": "no" } },
      { test: (name, run) => tests.set(name, run), skip: (name, run) => tests.set(name, run) },
    );
    expect([...tests.keys()]).toEqual(["X1: is one (skipped: no)", "X2: is two"]);
    await expect(tests.get("X2: is two")?.()).resolves.toBeUndefined();
  });
});

describe("expectations", () => {
  test.each([
    [{ a: [1, { b: null }] }, { a: [1, { b: null }], c: undefined }, true],
    [[1, 2], [1], false],
    [{ a: 1 }, [1], false],
    [{ a: 1 }, { a: 1, b: 1 }, false],
    [Number.NaN, Number.NaN, true],
    [null, {}, false],
  ])("%j equals %j: %s", (left, right, isEqual) => {
    const compare = (): void => expectEqual(left, right, "value");
    if (isEqual) expect(compare).not.toThrow();
    else expect(compare).toThrow("value: expected");
  });

  test("expectCode fails on success, on another code and on a plain error", async () => {
    await expect(expectCode("a.b", "x", () => 1)).rejects.toThrow("expected a.b, got the value 1");
    await expect(expectCode("a.b", "x", () => Promise.reject(new Error("plain")))).rejects.toThrow("got Error: plain");
  });
});
