import { declareContract, memoryStoreSubject, runContract, storeContract } from "@troupe/core/testing";
import { describe, expect, test } from "vitest";

describe("MemoryStore keeps the store contract", () => {
  declareContract(storeContract, memoryStoreSubject(), { test, skip: test.skip });

  test("also without a test framework", async () => {
    const report = await runContract(storeContract, memoryStoreSubject());
    expect(report.results.filter((result) => result.status === "failed")).toEqual([]);
    expect(report.passed).toBe(storeContract.length - 1);
  });
});
