import { MemoryStore } from "@troupe/core";
import { declareContract, storeContract } from "@troupe/core/testing";
import { describe, test } from "vitest";

const skips = {
  "an owner that lost a cell nobody had written to cannot write either":
    "fences of cells that hold nothing are not kept, or memory would grow with every agent ever addressed (I9); a second runtime on one memory store stands for a restart, not for a takeover",
};

describe("MemoryStore keeps the store contract", () => {
  declareContract(storeContract, { create: () => ({ store: new MemoryStore() }), skips }, { test, skip: test.skip });
});
