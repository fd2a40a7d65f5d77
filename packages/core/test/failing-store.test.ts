import { MemoryStore } from "@troupe/core";
import { type ContractSubject, declareContract, type StoreEnvironment, storeFaultContract } from "@troupe/core/testing";
import { describe, test } from "vitest";

const memory: ContractSubject<StoreEnvironment> = { create: () => ({ store: new MemoryStore() }) };

describe("a runtime outlives the faults of a memory store", () => {
  declareContract(storeFaultContract, memory, { test });
});
