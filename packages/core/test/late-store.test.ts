import { declareContract, inProcessSubject, runtimeContract } from "@troupe/core/testing";
import { describe, test } from "vitest";
import { ChaosStore } from "./support/chaos-store.ts";

/** Each answer takes a random number of microtasks or of turns of the event loop, and passes others on the way. */
describe("InProcessRuntime keeps the runtime contract on a store whose answers take turns of the event loop", () => {
  for (const seed of ["late 1", "late 2"]) {
    const subject = inProcessSubject({}, () => new ChaosStore({ seed }));
    describe(seed, () => declareContract(runtimeContract, subject, { test }));
  }
  const parking = inProcessSubject({ parkAfterMs: 0 }, () => new ChaosStore({ seed: "late and parking" }));
  describe("late and parking", () => declareContract(runtimeContract, parking, { test }));
});
