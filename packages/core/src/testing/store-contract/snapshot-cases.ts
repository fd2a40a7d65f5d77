import type { CellSnapshot } from "../../store/index.ts";
import { expectCode, expectEqual } from "../expectation.ts";
import type { StoreCase } from "./environment.ts";
import { cell, claim, fill, names, other, owner, passOn, read, records, rowOf, snapshotAt } from "./fixtures.ts";

/** A snapshot with everything in it. */
function fullSnapshot(position: number): CellSnapshot {
  return {
    position,
    agents: { ada: { state: '{"cents":5}', lists: { entries: [1, { deep: [null] }] } }, bob: { lists: {} } },
    sent: 12,
    marks: { "account/bob": { number: 7, at: 1_000 }, __proto: { number: 0, at: 0 } },
    remembered: {
      "m1>account/ada": { at: 5, reply: { status: "replied", body: { cents: 5 } } },
      "m2>account/ada": { at: 6 },
    },
  };
}

/** Snapshots, with the log and instead of it. */
export const snapshotCases: readonly StoreCase[] = [
  {
    name: "the newest snapshot comes with the claim, whole; an empty one removes it",
    invariant: "C21",
    run: async ({ store }) => {
      const fence = await fill(store, 2);
      await store.snapshot(cell, fence, snapshotAt(1));
      await store.snapshot(cell, fence, fullSnapshot(2));
      expectEqual((await store.claim(cell, owner)).snapshot, fullSnapshot(2), "the snapshot");
      const last = await claim(store);
      await store.snapshot(cell, last, { position: 2, agents: {} });
      expectEqual((await store.claim(cell, owner)).snapshot, undefined, "the snapshot after it was removed");
      expectEqual(await read(store), [0, 1], "the log");
    },
  },
  {
    name: "a snapshot that holds only what must not be handled twice, or numbers, is not empty",
    invariant: "C10",
    run: async ({ store }) => {
      const { sent, marks, remembered } = fullSnapshot(0);
      const parts: readonly Partial<CellSnapshot>[] = [
        { ...(sent !== undefined && { sent }) },
        { ...(marks !== undefined && { marks }) },
        { ...(remembered !== undefined && { remembered }) },
      ];
      await fill(store, 1);
      for (const part of parts) {
        const snapshot = { position: 1, agents: {}, ...part };
        await store.snapshot(cell, await claim(store), snapshot);
        expectEqual((await store.claim(cell, owner)).snapshot, snapshot, "the snapshot");
      }
    },
  },
  {
    name: "a cell with nothing but a snapshot is listed, and forgotten with it",
    invariant: "I9",
    run: async ({ store }) => {
      const fence = await claim(store);
      await store.snapshot(cell, fence, snapshotAt(0));
      expectEqual(await names(store), [cell], "the cells with a snapshot");
      await store.snapshot(cell, fence, { position: 0, agents: {} });
      expectEqual(await names(store), [], "the cells without it");
    },
  },
  {
    name: "a snapshot may take the place of the log before it, and no position moves",
    invariant: "C27",
    run: async ({ store }) => {
      const fence = await fill(store, 4);
      await store.snapshot(cell, fence, fullSnapshot(3), { dropsLog: true });
      expectEqual(await read(store), [3], "what is kept of the log");
      expectEqual(await read(store, cell, 4), [], "the log from its end");
      const position = await store.append(cell, fence, records(4, 2));
      expectEqual(position, 6, "the position after the next append");
      expectEqual(await read(store, cell, 4), [4, 5], "the log from 4");
      const next = await passOn(store);
      await store.snapshot(cell, next, fullSnapshot(6), { dropsLog: true });
      expectEqual(await store.read(cell), [], "the log once all is in the snapshot");
      await store.release(other);
      const claimed = await store.claim(cell, owner);
      expectEqual([claimed.position, claimed.snapshot], [6, fullSnapshot(6)], "the claim");
      expectEqual((await rowOf(store)).position, 6, "the listed position");
    },
  },
  {
    name: "a refused snapshot drops nothing",
    invariant: "C24",
    run: async ({ store }) => {
      const old = await fill(store, 2);
      const fresh = await passOn(store);
      const drop = { dropsLog: true };
      await expectCode("store.fenced", "snapshot", () => store.snapshot(cell, old, snapshotAt(2), drop));
      expectEqual(await read(store), [0, 1], "the log");
      expectEqual((await store.claim(cell, other)).snapshot, undefined, "the snapshot");
      expectEqual(fresh.position, 2, "the position");
    },
  },
  {
    name: "a large snapshot survives",
    invariant: "C23",
    run: async ({ store }) => {
      const items = Array.from({ length: 10_000 }, (_, index) => ({ index, text: `message ${index}` }));
      const snapshot: CellSnapshot = {
        position: 1,
        agents: { ada: { state: JSON.stringify("s".repeat(400_000)), lists: { thread: items } } },
      };
      await store.snapshot(cell, await fill(store, 1), snapshot);
      expectEqual((await store.claim(cell, owner)).snapshot, snapshot, "the snapshot");
    },
  },
];
