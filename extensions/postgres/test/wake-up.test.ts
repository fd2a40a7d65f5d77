// Who is told that something was written.
import type { Store } from "@troupe/core";
import { expect, onTestFinished, test } from "vitest";
import { freshSchema, openStore } from "./support/postgres-subject.ts";
import { CellDriver, claimCell, mailEntry, numbers } from "./support/records.ts";
import { describeWithServer } from "./support/with-server.ts";

describeWithServer("watchers of postgresStore", (server) => {
  /** Stores that listen already. */
  async function open(count: number): Promise<readonly Store[]> {
    const schema = freshSchema();
    const stores = numbers(count).map(() => openStore(server(), { schema }));
    onTestFinished(async () => {
      await Promise.all(stores.map(async (store) => store.close()));
    });
    for (const [index, store] of stores.entries()) await store.heartbeat(`worker ${index}`);
    return stores;
  }

  /** Counts calls, and resolves at the next one. */
  function listen(store: Store | undefined) {
    let next = Promise.withResolvers<void>();
    const heard = { count: 0, next: () => next.promise };
    const stop = store?.watch(() => {
      heard.count += 1;
      next.resolve();
      next = Promise.withResolvers();
    });
    onTestFinished(() => stop?.());
    return heard;
  }

  test("N1: mail wakes the process whose worker holds the cell, and not a third one", async () => {
    const [owner, sender, third] = await open(3);
    if (owner === undefined || sender === undefined) throw new Error("no stores");
    await claimCell(owner, "cell", "worker 0");
    const [ownersEar, thirdEar] = [listen(owner), listen(third)];
    const woken = ownersEar.next();
    await sender.deliver("cell", [mailEntry(1)]);
    await woken;
    // The third would have heard of it before it hears of this.
    const thirdWoken = thirdEar.next();
    await sender.deliver("nobody's", [mailEntry(2)]);
    await thirdWoken;
    expect(thirdEar.count).toBe(1);
    expect(await owner.heartbeat("worker 0")).toEqual(["cell"]);
  });

  test("N1: mail for a cell that nobody holds wakes everybody, once each", async () => {
    const stores = await open(3);
    const ears = stores.map(listen);
    const woken = ears.map((ear) => ear.next());
    await stores[0]?.deliver("nobody's", [mailEntry(1)]);
    await Promise.all(woken);
    expect(ears.map(({ count }) => count)).toEqual([1, 1, 1]);
  });

  test("N2: whatever another process writes wakes a watcher soon; many writes are told together", async () => {
    const [writer, reader] = await open(2);
    if (writer === undefined) throw new Error("no store");
    const driver = await CellDriver.claim(writer, "cell", "worker 0");
    const ear = listen(reader);
    const woken = ear.next();
    const start = performance.now();
    await driver.appendMany(100);
    await woken;
    // One announcement in 100 ms, and one for good measure at either end.
    expect(ear.count).toBeLessThanOrEqual((performance.now() - start) / 100 + 2);
  });
});
