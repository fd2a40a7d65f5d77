import type { StoreError } from "../../errors/index.ts";
import { expectCode, expectEqual, expectThat, settle } from "../expectation.ts";
import { silence, type StoreCase, withOther } from "./environment.ts";
import {
  bodies,
  cell,
  claim,
  entry,
  fill,
  other,
  owner,
  read,
  record,
  records,
  rowOf,
  snapshotAt,
} from "./fixtures.ts";

/** What only stores with leases promise: they need `expire`, and `open` where a second process plays a part (C24). */
export const leaseCases: readonly StoreCase[] = [
  {
    name: "nobody takes a cell from a live worker, here or in another process",
    invariant: "C24",
    run: async (environment) => {
      const { store } = environment;
      const fence = await fill(store, 2);
      await store.heartbeat(owner);
      const refuse = async (from: typeof store): Promise<void> => {
        const error = await expectCode("store.owned", "claim", () => from.claim(cell, other));
        expectEqual(error.details?.["owner"], owner, "the owner that the error names");
      };
      await refuse(store);
      await withOther(environment, refuse);
      expectEqual(await store.append(cell, fence, records(2, 1)), 3, "the owner goes on");
      expectEqual((await rowOf(store)).owner, owner, "the owner");
    },
  },
  {
    name: "the cell of a silent worker is taken, not cleanly, and its owner before is fenced",
    invariant: "C24",
    run: async (environment) => {
      const { store } = environment;
      const old = await fill(store, 2);
      await store.deliver(cell, [entry(1)]);
      await silence(environment, owner);
      await withOther(environment, async (second) => {
        expectEqual((await rowOf(second)).owner, undefined, "the owner that is known to be dead");
        const fresh = await second.claim(cell, other);
        expectEqual([fresh.isClean, fresh.position], [false, 2], "the claim");
        expectThat(fresh.epoch > old.epoch, "the epoch does not grow");
        await expectCode("store.fenced", "append", () => store.append(cell, old, [record("x")]));
        await expectCode("store.fenced", "snapshot", () => store.snapshot(cell, old, snapshotAt(2)));
        await expectCode("store.fenced", "collect", () => store.collect(cell, old));
        await expectCode("store.fenced", "heartbeat", () => store.heartbeat(owner));
        expectEqual(await bodies(second, fresh), [1], "the mail");
        expectEqual(await second.append(cell, fresh, records(2, 1)), 3, "the new owner's append");
        expectEqual(await read(store), [0, 1, 2], "the log");
      });
    },
  },
  {
    name: "a death is seen once: whoever comes after an orderly release starts clean",
    invariant: "C8",
    run: async (environment) => {
      const { store } = environment;
      await fill(store, 1);
      await silence(environment, owner);
      expectEqual((await store.claim(cell, other)).isClean, false, "clean after a death");
      expectEqual((await store.claim(cell, other)).isClean, true, "clean for the same worker again");
      await store.release(other);
      expectEqual((await store.claim(cell, "third")).isClean, true, "clean after a release");
    },
  },
  {
    name: "a worker that beats keeps its cells while another one dies",
    invariant: "C24",
    run: async (environment) => {
      const { store } = environment;
      await fill(store, 1, "dead");
      const fence = await claim(store, "alive", other);
      await store.append("alive", fence, records(0, 1));
      await silence(environment, owner);
      await store.heartbeat(other);
      expectEqual((await store.claim("dead", "third")).isClean, false, "clean");
      await expectCode("store.owned", "claim", () => store.claim("alive", "third"));
      expectEqual((await rowOf(store, "alive")).owner, other, "the owner");
    },
  },
  {
    name: "all cells of a worker that was declared dead can be taken, and nothing it gives back is lost to the next owner",
    invariant: "C24",
    run: async (environment) => {
      const { store } = environment;
      for (const name of ["a", "b"]) await fill(store, 1, name);
      await silence(environment, owner);
      await withOther(environment, async (second) => {
        const fence = await claim(second, "a", other);
        expectEqual((await second.claim("b", "third")).isClean, false, "the second cell's claim");
        await store.release(owner);
        expectEqual(
          [(await rowOf(second, "a")).owner, (await rowOf(second, "b")).owner],
          [other, "third"],
          "the owners",
        );
        await expectCode("store.owned", "claim", () => store.claim("a", "fourth"));
        expectEqual(await second.append("a", fence, records(1, 1)), 2, "the new owner goes on");
      });
    },
  },
  {
    name: "of many that claim a dead worker's cell at once, one gets it",
    invariant: "C24",
    run: async (environment) => {
      const { store } = environment;
      await fill(store, 1);
      await silence(environment, owner);
      await withOther(environment, async (second) => {
        const claims = Array.from({ length: 8 }, (_, index) =>
          settle(() => (index % 2 === 0 ? store : second).claim(cell, `worker ${index}`)),
        );
        const outcomes = await Promise.all(claims);
        const winners = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
        expectEqual(
          winners.map((winner) => [winner.position, winner.isClean]),
          [[1, false]],
          "the claims that were granted",
        );
        for (const outcome of outcomes) {
          if (outcome.status === "fulfilled") continue;
          await expectCode("store.owned", "a claim that lost", () => Promise.reject<StoreError>(outcome.error));
        }
      });
    },
  },
  {
    name: "a store that closes ends its workers: nobody waits for their leases",
    invariant: "C24",
    run: async (environment) => {
      const { store } = environment;
      await fill(store, 1);
      await store.close();
      await withOther(environment, async (second) => {
        expectEqual((await rowOf(second)).owner, undefined, "the owner");
        expectEqual((await second.claim(cell, other)).position, 1, "the claim");
      });
    },
  },
];
