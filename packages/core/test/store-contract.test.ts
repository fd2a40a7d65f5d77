import {
  declareContract,
  memoryStoreSubject,
  runContract,
  SharedData,
  type SharedStore,
  storeContract,
} from "@troupe/core/testing";
import { describe, expect, test } from "vitest";

describe("MemoryStore keeps the store contract", () => {
  declareContract(storeContract, memoryStoreSubject(), { test, skip: test.skip });
});

describe("a MemoryStore that stands for a durable one keeps the store contract", () => {
  declareContract(storeContract, memoryStoreSubject({ isDurable: true }), { test, skip: test.skip });
});

describe("a store that processes share can keep the store contract, leases included", () => {
  const create = (): { store: SharedStore; open: () => SharedStore; expire: (owner: string) => void } => {
    const data = new SharedData();
    return { store: data.open(), open: () => data.open(), expire: (owner) => data.expire(owner) };
  };
  // It ends with the tests: nobody sweeps it.
  const cases = storeContract.filter(({ name }) => !/\bsw(eep|ept)\b/.test(name));
  declareContract(cases, { create, dispose: ({ store }) => store.close() }, { test });
});

test("the store contract needs no test framework", async () => {
  const report = await runContract(storeContract, memoryStoreSubject());
  expect(report.results.filter((result) => result.status === "failed")).toEqual([]);
  expect(report.passed + report.skipped).toBe(storeContract.length);
  expect(report.passed).toBeGreaterThan(30);
});
