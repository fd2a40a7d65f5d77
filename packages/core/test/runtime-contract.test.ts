import { MemoryStore } from "@troupe/core";
import {
  createSeededRandom,
  declareContract,
  inProcessSubject,
  KillableStore,
  runtimeContract,
} from "@troupe/core/testing";
import { describe, test } from "vitest";

describe("InProcessRuntime keeps the runtime contract", () => {
  declareContract(runtimeContract, inProcessSubject(), { test });
});

describe("InProcessRuntime keeps the runtime contract when every turn parks at every wait", () => {
  declareContract(runtimeContract, inProcessSubject({ parkAfterMs: 0 }), { test });
});

/** A store whose answers take up to five microtasks. */
function createSlowStore(): KillableStore {
  const random = createSeededRandom("slow store");
  return new KillableStore(new MemoryStore(), () => Math.floor(random.next() * 6));
}

describe("InProcessRuntime keeps the runtime contract on a store that answers later", () => {
  declareContract(runtimeContract, inProcessSubject({}, createSlowStore), { test });
});
