import { systemClock } from "../../async/index.ts";
import type { RunNote, Store, SweepOptions, SweepReport } from "../../store/index.ts";
import { expectCode, expectEqual, expectThat } from "../expectation.ts";
import { type StoreCase, type StoreEnvironment, withOther } from "./environment.ts";
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

/** Pruning and closing. */
export const lifeCases: readonly StoreCase[] = [
  {
    name: "pruning drops the records before a position and moves no position",
    invariant: "C27",
    run: async ({ store }) => {
      const fence = await fill(store, 6);
      await store.prune(cell, 4);
      expectEqual(await read(store), [4, 5], "what is kept, read from 0");
      expectEqual(await read(store, cell, 5), [5], "what is kept, read from 5");
      expectEqual(await store.append(cell, fence, records(6, 1)), 7, "the position after the next append");
      await store.prune(cell, 2);
      expectEqual(await read(store), [4, 5, 6], "what is kept after pruning less");
      expectEqual((await store.claim(cell, owner)).position, 7, "the position of the next claim");
      expectEqual((await rowOf(store)).position, 7, "the position in the listing");
    },
  },
  {
    name: "pruning beyond the end keeps the end",
    invariant: "C27",
    run: async ({ store }) => {
      const fence = await fill(store, 3);
      await store.prune(cell, 1000);
      expectEqual(await read(store), [], "what is kept");
      expectEqual(await store.append(cell, fence, records(3, 1)), 4, "the position after the next append");
      expectEqual(await read(store, cell, 3), [3], "the log from 3");
      expectEqual((await passOn(store)).position, 4, "the position of the next claim");
    },
  },
  {
    name: "pruning records keeps snapshot, mail and runs",
    invariant: "C27",
    run: async ({ store }) => {
      const fence = await claim(store);
      const position = await store.append(cell, fence, records(0, 2), { isBusy: true, runs: [runNote("a")] });
      const next = { epoch: fence.epoch, position };
      await store.snapshot(cell, next, snapshotAt(2));
      await store.deliver(cell, [entry(1)]);
      await store.prune(cell, 2);
      expectEqual((await store.runs()).length, 1, "the runs");
      expectEqual((await rowOf(store)).isBusy, true, "busy");
      expectEqual(await bodies(store, next), [1], "the mail");
      expectEqual((await store.claim(cell, owner)).snapshot, snapshotAt(2), "the snapshot");
    },
  },
  {
    name: "pruning without a position leaves nothing of a cell, and of no other",
    invariant: "I9",
    run: async ({ store }) => {
      const fence = await fill(store, 3);
      await store.append(cell, fence, [], { isBusy: true, runs: [runNote("a")] });
      await store.snapshot(cell, fence, snapshotAt(3));
      await store.deliver(cell, [entry(1)]);
      const theirs = await fill(store, 1, "other");
      await store.append("other", theirs, [], { runs: [runNote("a")] });
      await store.prune(cell);
      expectEqual(await names(store), ["other"], "the cells that hold anything");
      expectEqual(await store.read(cell), [], "the log");
      expectEqual(
        (await store.runs()).map((row) => row.cell),
        ["other"],
        "the runs",
      );
      const again = await store.claim(cell, owner);
      expectEqual([again.snapshot, again.position], [undefined, 0], "the next claim");
      expectEqual(await bodies(store, again), [], "the mail");
      expectThat(again.epoch > fence.epoch, "the epoch repeats or goes back");
      await store.prune("unknown");
    },
  },
  {
    name: "a closed store refuses everything, and closing twice is safe",
    invariant: "C21",
    run: async ({ store }) => {
      const fence = await fill(store, 1);
      const stop = store.watch(() => {});
      await store.close();
      await store.close();
      stop();
      await expectCode("store.closed", "claim", () => store.claim(cell, owner));
      await expectCode("store.closed", "append", () => store.append(cell, fence, [record("x")]));
      await expectCode("store.closed", "read", () => store.read(cell));
      await expectCode("store.closed", "snapshot", () => store.snapshot(cell, fence, { position: 0, agents: {} }));
      await expectCode("store.closed", "deliver", () => store.deliver(cell, [entry(1)]));
      await expectCode("store.closed", "collect", () => store.collect(cell, fence));
      await expectCode("store.closed", "prune", () => store.prune(cell));
      await expectCode("store.closed", "cells", () => store.cells());
      await expectCode("store.closed", "runs", () => store.runs());
      await expectCode("store.closed", "heartbeat", () => store.heartbeat(owner));
      await store.release(owner);
    },
  },
];

/** Writes a run into a cell of its own, now, and gives the cell back. */
async function writeRun(store: Store, name: string, note: Partial<RunNote> = {}): Promise<void> {
  const fence = await claim(store, name);
  const now = { kind: "control", at: systemClock.now(), runId: "run", action: "pause", detail: name } as const;
  const ended = { status: "ended", end: "finished", ...note } as const;
  await store.append(name, fence, [now], { isBusy: ended.status !== "ended", runs: [runNote(`run ${name}`, ended)] });
  await store.release(owner, name);
}

async function sweep({ store }: StoreEnvironment, options?: SweepOptions): Promise<SweepReport> {
  expectThat(store.sweep !== undefined, "this case needs `sweep`: offer it, or skip the case with a reason");
  return store.sweep(options);
}

/** What only stores with a `sweep` promise (C27). */
export const sweepCases: readonly StoreCase[] = [
  {
    name: "a sweep drops the cells whose runs have all ended, says which, and leaves everything else as it was",
    invariant: "C27",
    run: async (environment) => {
      const { store } = environment;
      for (const name of ["ended 1", "ended 2", "with mail"]) await writeRun(store, name);
      await writeRun(store, "waiting", { status: "waiting", questions: 1 });
      await writeRun(store, "half");
      const half = await claim(store, "half");
      await store.append("half", half, [], { runs: [runNote("another")] });
      await store.deliver("with mail", [entry(1)]);
      const agent = await fill(store, 2, "agent");
      await store.snapshot("agent", agent, snapshotAt(2));
      const kept = ["agent", "half", "waiting", "with mail"];
      const all = [...kept, "ended 1", "ended 2"].sort();
      const dry = await sweep(environment, { olderThanMs: 0, isDryRun: true });
      expectEqual([...dry.cells].sort(), ["ended 1", "ended 2"], "what would go");
      expectEqual([...(await names(store))].sort(), all, "the cells after a dry run");
      const report = await sweep(environment, { olderThanMs: 0 });
      expectEqual([...report.cells].sort(), ["ended 1", "ended 2"], "what went");
      expectEqual(report.runs.map((run) => run.runId).sort(), ["run ended 1", "run ended 2"], "the runs that went");
      expectThat(report.bytes >= 0 && dry.bytes >= 0, `bytes that went: ${report.bytes}, would go: ${dry.bytes}`);
      expectEqual([...(await names(store))].sort(), kept, "the cells after it");
      expectEqual(await store.read("ended 1"), [], "the log of what went");
      expectEqual((await store.runs()).length, 4, "the runs that stay");
      expectEqual(await store.append("agent", agent, records(2, 1)), 3, "an owner goes on");
      expectEqual((await store.claim("agent", owner)).snapshot, snapshotAt(2), "its snapshot");
    },
  },
  {
    name: "a sweep keeps what is young, and the newest so many; without a bound it keeps all that holds anything",
    invariant: "C27",
    run: async (environment) => {
      const { store } = environment;
      for (const name of ["a", "b", "c", "d"]) await writeRun(store, name);
      expectEqual((await sweep(environment)).cells, [], "without a bound");
      expectEqual((await sweep(environment, { olderThanMs: 3_600_000 })).cells, [], "younger than an hour");
      expectEqual((await sweep(environment, { olderThanMs: 0, keepLast: 4 })).cells, [], "the last four");
      expectEqual((await sweep(environment, { keepLast: 3 })).cells, ["a"], "but the last three");
      expectEqual((await sweep(environment, { maxBytes: Number.MAX_SAFE_INTEGER })).cells, [], "what fits");
      expectEqual((await sweep(environment, { maxBytes: 0 })).cells.length, 3, "what does not fit");
      expectEqual(await names(store), [], "the cells in the end");
    },
  },
  {
    name: "a cell that was swept starts again at 0 with a higher epoch",
    invariant: "C24",
    run: async (environment) => {
      const { store } = environment;
      const old = await store.claim(cell, owner);
      await store.release(owner, cell);
      await writeRun(store, cell);
      await sweep(environment, { olderThanMs: 0 });
      const fresh = await store.claim(cell, other);
      expectEqual([fresh.position, fresh.snapshot, fresh.isClean], [0, undefined, true], "the claim");
      expectThat(fresh.epoch > old.epoch, "the epoch repeats or goes back");
    },
  },
];

/** What outlives the process. */
export const durableCases: readonly StoreCase[] = [
  {
    name: "a store that outlives the process keeps everything, and its epochs go on growing",
    invariant: "C28",
    run: async (environment) => {
      const { store } = environment;
      expectEqual(store.isDurable, true, "durable");
      const fence = await claim(store);
      const notes = { isBusy: true, runs: [runNote("a", { status: "waiting", questions: 1 })] };
      const position = await store.append(cell, fence, records(0, 3), notes);
      await store.snapshot(cell, { epoch: fence.epoch, position }, snapshotAt(2), { dropsLog: true });
      await store.deliver(cell, [entry(1)]);
      await store.release(owner);
      await store.close();
      await withOther(environment, async (again) => {
        const row = await rowOf(again);
        expectEqual([row.isBusy, row.hasMail, row.owner], [true, true, undefined], "the cell");
        expectEqual((await again.runs()).length, 1, "the runs");
        const claimed = await again.claim(cell, other);
        expectEqual([claimed.position, claimed.snapshot], [3, snapshotAt(2)], "the claim");
        expectThat(claimed.epoch > fence.epoch, "the epoch does not grow");
        expectEqual(await read(again), [2], "the log");
        expectEqual(await bodies(again, claimed), [1], "the mail");
        expectEqual(await again.append(cell, claimed, records(3, 1)), 4, "the next append");
      });
    },
  },
  {
    name: "another process sees at once what was written",
    invariant: "C22",
    run: async (environment) => {
      const { store } = environment;
      await withOther(environment, async (second) => {
        expectEqual(await second.cells(), [], "the cells at first");
        const fence = await claim(store);
        for (let mark = 0; mark < 20; mark++) {
          const at = { epoch: fence.epoch, position: mark };
          await store.append(cell, at, [record(mark)], { runs: [runNote("a", { sequence: mark })] });
          expectEqual(await read(second, cell, mark), [mark], "the record");
          expectEqual((await second.runs())[0]?.sequence, mark, "the run");
        }
        await store.release(owner, cell);
        const next = await second.claim(cell, other);
        expectEqual([next.position, next.isClean], [20, true], "the claim");
        expectEqual(await second.append(cell, next, [record(20)]), 21, "the next append");
        expectEqual(await read(store, cell, 19), [19, 20], "the log as the first sees it");
      });
    },
  },
];
