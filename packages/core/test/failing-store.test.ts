import { MemoryStore } from "@troupe/core";
import { type ContractSubject, declareContract, type StoreEnvironment, storeFaultContract } from "@troupe/core/testing";
import { describe, test } from "vitest";
import { ChaosStore } from "./support/chaos-store.ts";

function subject(isDurable: boolean, seed?: string): ContractSubject<StoreEnvironment> {
  return {
    create: () => {
      const store = new MemoryStore({ isDurable });
      return { store: seed === undefined ? store : new ChaosStore({ seed, store }) };
    },
  };
}

describe.each([
  { what: "memory", isDurable: false, seed: undefined },
  { what: "durable memory", isDurable: true, seed: undefined },
  { what: "slow durable memory", isDurable: true, seed: "slow" },
])("a runtime outlives the faults of its store ($what)", ({ isDurable, seed }) => {
  declareContract(storeFaultContract, subject(isDurable, seed), { test });
});
