import { declareContract, storeContract } from "@troupe/core/testing";
import { test } from "vitest";
import { postgresSubject } from "./support/postgres-subject.ts";
import { describeWithServer } from "./support/with-server.ts";

describeWithServer("postgresStore keeps the store contract", (server) => {
  declareContract(storeContract, postgresSubject(server), { test, skip: test.skip });
});
