import { MemoryStore } from "../store/index.ts";
import type { ContractSubject } from "./contract.ts";
import type { StoreEnvironment } from "./store-contract.ts";

/** The memory store under the store contract. */
export function memoryStoreSubject(): ContractSubject<StoreEnvironment> {
  return {
    create: () => ({ store: new MemoryStore() }),
    skips: {
      "an owner that lost a cell nobody had written to cannot write either":
        "fences of cells that hold nothing are not kept, or memory would grow with every agent ever addressed (I9); a second runtime on one memory store stands for a restart, not for a takeover",
    },
  };
}
