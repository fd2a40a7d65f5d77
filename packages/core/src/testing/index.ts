export { createIdSource, createSeededRandom, hashSeed } from "../async/index.ts";
export {
  type ContractCase,
  type ContractReport,
  type ContractResult,
  type ContractSubject,
  declareContract,
  type DeclareTest,
  runContract,
} from "./contract.ts";
export { codeOf, ContractViolation, expectCode, expectEqual, expectThat, type Outcome, settle } from "./expectation.ts";
export { ManualClock, type ManualClockOptions } from "./manual-clock.ts";
export { memoryStoreSubject } from "./store-contract/memory-store-subject.ts";
export { storeContract } from "./store-contract/store-contract.ts";
export type { StoreCase, StoreEnvironment } from "./store-contract/environment.ts";
export {
  FaultyStore,
  type FaultyStoreOptions,
  type StoreFault,
  type StoreOperation,
} from "./store-faults/faulty-store.ts";
export { SharedData, SharedStore, type WriteObserver } from "./store-faults/shared-store.ts";
export { storeFaultContract } from "./store-faults/store-fault-contract.ts";
export type { RuntimeCase, RuntimeContractOptions, RuntimeEnvironment } from "./runtime-contract/environment.ts";
export { runtimeContract } from "./runtime-contract/runtime-contract.ts";
export { inProcessSubject } from "./runtime-contract/in-process-subject.ts";
export {
  simulate,
  type SimulationFailure,
  type SimulationOptions,
  type SimulationReport,
} from "./simulation/simulate.ts";
export type { EpisodeCounts } from "./simulation/episode.ts";
export { SimulationViolation } from "./simulation/violation.ts";
export { KillableStore } from "./store-faults/killable-store.ts";
