// What every runtime promises, on this store: with commits that take as long as they take on a real server.
import { declareContract, inProcessSubject, runtimeContract, storeFaultContract } from "@troupe/core/testing";
import type { PostgresStore } from "@troupe/postgres";
import { afterEach, describe, test } from "vitest";
import { freshSchema, openStore, postgresSubject } from "./support/postgres-subject.ts";
import { describeWithServer } from "./support/with-server.ts";

/** Cases of a contract by the beginning of their names, each with why it is left out. */
function skip(
  contract: readonly { readonly name: string }[],
  reasons: Readonly<Record<string, string>>,
): Record<string, string> {
  const skipped: Record<string, string> = {};
  for (const [start, reason] of Object.entries(reasons)) {
    const found = contract.filter(({ name }) => name.startsWith(start));
    if (found.length === 0) throw new Error(`no case begins with "${start}"`);
    for (const { name } of found) skipped[name] = reason;
  }
  return skipped;
}

const runtimeSkips = skip(runtimeContract, {
  "a step that does not settle within the grace": "it turns the clock before the server has stored the cancel",
  "ten thousand agents that changed nothing": "forty thousand commits, one after the other",
});

const faultSkips = skip(storeFaultContract, {
  "an append": "minutes: one program for each of its writes; the store's own faults are in lost-server.test.ts",
  "a heartbeat": "minutes: one program for each of its heartbeats",
});

/** Many commits in one test. */
function slowTest(name: string, run: () => Promise<void>): void {
  test(name, run, 60_000);
}

describeWithServer("InProcessRuntime on PostgreSQL", (server) => {
  const stores: PostgresStore[] = [];

  /** A runtime closes no store that it was given. */
  function createStore(): PostgresStore {
    const store = openStore(server(), { schema: freshSchema() });
    stores.push(store);
    return store;
  }

  afterEach(async () => {
    await Promise.all(stores.splice(0).map(async (store) => store.close()));
  });

  describe("keeps the runtime contract", () => {
    const subject = inProcessSubject({}, createStore);
    declareContract(runtimeContract, { ...subject, skips: runtimeSkips }, { test: slowTest, skip: test.skip });
  });

  describe("outlives the faults of its store", () => {
    declareContract(
      storeFaultContract,
      { ...postgresSubject(server), skips: faultSkips },
      { test: slowTest, skip: test.skip },
    );
  });
});
