import { join } from "node:path";
import { declareContract, inProcessSubject, runtimeContract, storeFaultContract } from "@troupe/core/testing";
import { type SqliteStore, sqliteStore } from "@troupe/sqlite";
import { afterEach, describe, test } from "vitest";
import { sqliteSubject } from "./support/sqlite-subject.ts";
import { temporaryFile, type TemporaryFile } from "./support/temporary-file.ts";

const files: TemporaryFile[] = [];
const stores: SqliteStore[] = [];

/** A store in a new file; a runtime closes no store that it was given. */
function createStore(): SqliteStore {
  const file = temporaryFile();
  const store = sqliteStore(join(file.folder, "contract.db"), { sync: "normal" });
  files.push(file);
  stores.push(store);
  return store;
}

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const file of files.splice(0)) file.remove();
});

/** Dozens of programs in one test, each of whose writes waits for the disk. */
function slowTest(name: string, run: () => Promise<void>): void {
  test(name, run, 120_000);
}

const skips = {
  "an append whose answer is lost: every request ends typed, and the cells go on from their logs":
    "the runtime writes to a frozen reply that came back from a store",
};

describe("InProcessRuntime keeps the runtime contract on a SQLite file", () => {
  declareContract(runtimeContract, inProcessSubject({}, createStore), { test: slowTest });
});

describe("a runtime outlives the faults of a SQLite store", () => {
  declareContract(storeFaultContract, { ...sqliteSubject(), skips }, { test: slowTest, skip: test.skip });
});
