import { expectCode, expectEqual, expectThat } from "../expectation.ts";
import type { StoreCase } from "./environment.ts";
import {
  bodies,
  cell,
  claim,
  entry,
  fill,
  names,
  other,
  owner,
  passOn,
  read,
  record,
  records,
  rowOf,
  runNote,
  snapshotAt,
} from "./fixtures.ts";

/** What a memory store that keeps nothing of cells that hold nothing cannot promise. */
export const emptyCellCases: readonly StoreCase[] = [
  {
    name: "an owner that lost a cell nobody had written to cannot write either",
    invariant: "C24",
    run: async ({ store }) => {
      const old = await claim(store);
      const fresh = await passOn(store);
      await expectCode("store.fenced", "append", () => store.append(cell, old, [record("x")]));
      expectEqual(await store.append(cell, fresh, records(0, 1)), 1, "the new owner's append");
      expectEqual(await read(store), [0], "the log");
    },
  },
  {
    name: "a cell that was pruned whole starts again at 0 with a higher epoch, and its owner before cannot write",
    invariant: "C24",
    run: async ({ store }) => {
      const old = await fill(store, 3);
      await store.prune(cell);
      const fresh = await store.claim(cell, owner);
      expectEqual([fresh.position, fresh.isClean], [0, true], "the claim after");
      expectThat(fresh.epoch > old.epoch, "the epoch repeats or goes back");
      for (const position of [0, 3]) {
        const fence = { epoch: old.epoch, position };
        await expectCode("store.fenced", `append at ${position}`, () => store.append(cell, fence, [record("x")]));
      }
      expectEqual(await store.append(cell, fresh, records(0, 1)), 1, "the position");
    },
  },
];

/** Claims, fences and releases, as every store keeps them. */
export const ownerCases: readonly StoreCase[] = [
  {
    name: "every claim has a higher epoch and sees the whole log; those of one worker and after a release are clean",
    invariant: "C24",
    run: async ({ store }) => {
      const first = await fill(store, 3);
      const second = await store.claim(cell, owner);
      await store.release(owner, cell);
      const third = await store.claim(cell, other);
      expectThat(first.epoch < second.epoch && second.epoch < third.epoch, "the epochs do not grow");
      expectEqual([second.position, third.position], [3, 3], "the positions");
      expectEqual([second.isClean, third.isClean], [true, true], "clean");
    },
  },
  {
    name: "an owner that lost its cell cannot write any more",
    invariant: "C24",
    run: async ({ store }) => {
      const old = await fill(store, 2);
      await store.deliver(cell, [entry(1)]);
      const fresh = await passOn(store);
      await expectCode("store.fenced", "append", () => store.append(cell, old, [record("x")]));
      await expectCode("store.fenced", "snapshot", () => store.snapshot(cell, old, snapshotAt(2)));
      await expectCode("store.fenced", "collect", () => store.collect(cell, old));
      const position = await store.append(cell, fresh, records(2, 1));
      expectEqual(position, 3, "the new owner's append");
      expectEqual(await read(store), [0, 1, 2], "the log");
      expectEqual((await store.claim(cell, other)).snapshot, undefined, "the snapshot");
    },
  },
  {
    name: "a worker that claims its own cell again cannot write with the fence it had before",
    invariant: "C24",
    run: async ({ store }) => {
      const old = await fill(store, 2);
      const fresh = await claim(store);
      await expectCode("store.fenced", "append", () => store.append(cell, old, [record("x")]));
      expectEqual(await store.append(cell, fresh, records(2, 1)), 3, "the append after");
      expectEqual(await read(store), [0, 1, 2], "the log");
    },
  },
  {
    name: "claims and releases of one cell do not fence the owner of another",
    invariant: "C24",
    run: async ({ store }) => {
      const mine = await fill(store, 1, "mine");
      await fill(store, 1, "yours");
      await passOn(store, "yours");
      expectEqual(await store.append("mine", mine, records(1, 1)), 2, "the position");
      expectEqual((await rowOf(store, "mine")).owner, owner, "the owner");
    },
  },
  {
    name: "a release without a cell gives all back, and nobody gives back what another holds",
    invariant: "C24",
    run: async ({ store }) => {
      for (const name of ["a", "b"]) await fill(store, 1, name);
      const theirs = await claim(store, "theirs", other);
      await store.append("theirs", theirs, records(0, 1));
      await store.release(other, "a");
      await store.release("nobody");
      expectEqual((await rowOf(store, "a")).owner, owner, "the owner after others gave it back");
      await store.release(owner);
      const owners = (await store.cells()).map((row) => [row.cell, row.owner ?? "free"].join(":"));
      expectEqual([...owners].sort(), ["a:free", "b:free", `theirs:${other}`], "the owners");
      for (const name of ["a", "b"]) expectEqual((await store.claim(name, other)).isClean, true, `clean: "${name}"`);
      expectEqual(await store.append("theirs", { ...theirs, position: 1 }, records(1, 1)), 2, "the other's position");
    },
  },
  {
    name: "a heartbeat names the worker's own cells that have mail, until an append has taken it",
    invariant: "C21",
    run: async ({ store }) => {
      for (const name of ["a", "b", "c"]) await fill(store, 1, name);
      const theirs = await claim(store, "theirs", other);
      await store.append("theirs", theirs, records(0, 1));
      expectEqual(await store.heartbeat(owner), [], "no mail");
      await store.deliver("b", [entry(1)]);
      await store.deliver("c", [entry(2), entry(3)]);
      await store.deliver("theirs", [entry(4)]);
      await store.deliver("nobody's", [entry(5)]);
      expectEqual([...(await store.heartbeat(owner))].sort(), ["b", "c"], "the cells with mail");
      expectEqual(await store.heartbeat(other), ["theirs"], "the other worker's");
      const fence = await claim(store, "c");
      const collected = await store.collect("c", fence);
      expectEqual([...(await store.heartbeat(owner))].sort(), ["b", "c"], "collected, but not taken");
      await store.append("c", fence, [], { collected: collected.at(-1)?.id });
      expectEqual(await store.heartbeat(owner), ["b"], "taken");
      await store.release(owner, "b");
      expectEqual(await store.heartbeat(owner), [], "given back");
      expectEqual(await bodies(store, await claim(store, "b", other), "b"), [1], "the mail of the cell given back");
    },
  },
  {
    name: "what holds nothing goes with its release; a log, a snapshot, mail or runs keep a cell",
    invariant: "I9",
    run: async ({ store }) => {
      const nothing = { position: 1, agents: {} };
      for (const name of ["nothing", "runs", "mail"]) {
        const fence = await fill(store, 1, name);
        if (name === "runs") await store.append(name, fence, [], { runs: [runNote("run")] });
        if (name === "mail") await store.deliver(name, [entry(1)]);
        await store.snapshot(name, fence, nothing, { dropsLog: true });
      }
      await store.snapshot("snapshot", await fill(store, 1, "snapshot"), snapshotAt(1), { dropsLog: true });
      const { epoch } = await fill(store, 1, "log");
      await store.release(owner);
      expectEqual(
        [...(await names(store))].sort(),
        ["log", "mail", "runs", "snapshot"],
        "the cells that hold anything",
      );
      expectEqual((await store.runs()).length, 1, "the runs");
      for (const name of ["log", "mail", "runs", "snapshot"])
        expectEqual((await store.claim(name, other)).position, 1, `the position of "${name}"`);
      const again = await store.claim("nothing", other);
      expectThat(again.epoch > epoch, "the epoch of a cell that went repeats or goes back");
    },
  },
];
