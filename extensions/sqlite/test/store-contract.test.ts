import { declareContract, storeContract } from "@troupe/core/testing";
import { describe, test } from "vitest";
import { sqliteSubject } from "./support/sqlite-subject.ts";

describe("sqliteStore keeps the store contract", () => {
  declareContract(storeContract, sqliteSubject(), { test, skip: test.skip });
});
