import { MemoryStore, type MemoryStoreOptions } from "../../store/index.ts";
import type { ContractSubject } from "../contract.ts";
import { skipAll, type StoreEnvironment } from "./environment.ts";
import { leaseCases } from "./lease-cases.ts";
import { sweepCases } from "./life-cases.ts";
import { emptyCellCases } from "./owner-cases.ts";
import { otherProcessCases } from "./store-contract.ts";

/** The memory store under the store contract. */
export function memoryStoreSubject(options: MemoryStoreOptions = {}): ContractSubject<StoreEnvironment> {
  const emptyCells = skipAll(
    emptyCellCases,
    "fences of cells that hold nothing are not kept, or memory would grow with every agent ever addressed (I9); a second runtime on one memory store stands for a restart, not for a takeover",
  );
  return {
    create: () => ({ store: new MemoryStore(options) }),
    skips: {
      ...skipAll(leaseCases, "memory has no leases: the last claim wins"),
      ...skipAll(sweepCases, "memory ends with its process: nobody sweeps it"),
      ...skipAll(otherProcessCases, "memory is of one process"),
      ...(options.isDurable !== true && emptyCells),
    },
  };
}
