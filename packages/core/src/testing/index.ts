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
export { ContractViolation, expectCode, expectEqual, expectThat, type Outcome, settle } from "./expectation.ts";
export { ManualClock, type ManualClockOptions } from "./manual-clock.ts";
export { storeContract, type StoreEnvironment } from "./store-contract.ts";
