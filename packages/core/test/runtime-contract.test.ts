import { describe, test } from "vitest";
import { declareContract, inProcessSubject, runtimeContract } from "@troupe/core/testing";

describe("InProcessRuntime keeps the runtime contract", () => {
  declareContract(runtimeContract, inProcessSubject(), { test });
});

describe("InProcessRuntime keeps the runtime contract when every turn parks at every wait", () => {
  declareContract(runtimeContract, inProcessSubject({ parkAfterMs: 0 }), { test });
});
