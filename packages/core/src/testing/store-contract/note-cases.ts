import type { AppendNotes, Fence, RunNote, RunRow, Store } from "../../store/index.ts";
import { expectCode, expectEqual, expectThat } from "../expectation.ts";
import type { StoreCase } from "./environment.ts";
import { bodies, cell, claim, entry, fill, names, owner, passOn, read, record, rowOf, runNote } from "./fixtures.ts";

/** A run without the times, which are the store's. */
function noteOf({ cell: _cell, startedAt: _started, updatedAt: _updated, ...note }: RunRow): RunNote {
  return note;
}

async function runIds(store: Store, filter?: Parameters<Store["runs"]>[0]): Promise<readonly string[]> {
  return (await store.runs(filter)).map((row) => row.runId);
}

/** Appends one record with notes and returns the fence of the next append. */
async function note(store: Store, fence: Fence, notes: AppendNotes): Promise<Fence> {
  return { epoch: fence.epoch, position: await store.append(cell, fence, [record(fence.position)], notes) };
}

/** What an append writes besides records: whether the cell is busy, its runs, what it took from the inbox. */
export const noteCases: readonly StoreCase[] = [
  {
    name: "notes are stored with the records; what they leave out stays",
    invariant: "C5",
    run: async ({ store }) => {
      await store.deliver(cell, [entry(1), entry(2)]);
      const fence = await claim(store);
      const [first] = await store.collect(cell, fence);
      const next = await note(store, fence, { isBusy: true, runs: [runNote("a")], collected: first?.id });
      const row = await rowOf(store);
      expectEqual([row.isBusy, row.hasMail, row.position], [true, true, 1], "the cell");
      expectEqual((await store.runs()).map(noteOf), [runNote("a")], "the runs");
      expectEqual(await bodies(store, next), [2], "the inbox");
      const last = await note(store, next, {});
      expectEqual((await rowOf(store)).isBusy, true, "busy after an append that does not say");
      await store.append(cell, last, [], { isBusy: false });
      expectEqual((await rowOf(store)).isBusy, false, "busy after an append of notes alone");
      expectEqual(await bodies(store, last), [2], "the inbox after all");
    },
  },
  {
    name: "a refused append writes none of its notes",
    invariant: "C5",
    run: async ({ store }) => {
      await store.deliver(cell, [entry(1)]);
      const old = await claim(store);
      const [mail] = await store.collect(cell, old);
      const notes = { isBusy: true, runs: [runNote("x")], collected: mail?.id };
      const wrong = { epoch: old.epoch, position: 7 };
      await expectCode("store.conflict", "append", () => store.append(cell, wrong, [record("x")], notes));
      await expectCode("store.conflict", "append of notes", () => store.append(cell, wrong, [], notes));
      const fresh = await passOn(store);
      await expectCode("store.fenced", "append", () => store.append(cell, old, [record("x")], notes));
      await expectCode("store.fenced", "append of notes", () => store.append(cell, old, [], notes));
      expectEqual((await rowOf(store)).isBusy, false, "busy");
      expectEqual(await store.runs(), [], "the runs");
      expectEqual(await bodies(store, fresh), [1], "the inbox");
      expectEqual(await read(store), [], "the log");
    },
  },
  {
    name: "a note replaces the one before it, ends included, and keeps the run's start",
    invariant: "C20",
    run: async ({ store }) => {
      let fence = await note(store, await claim(store), { runs: [runNote("a", { sequence: 3 })] });
      const [first] = await store.runs();
      const ended = runNote("a", { status: "ended", end: "finished", sequence: 9 });
      fence = await note(store, fence, { runs: [ended] });
      const [second] = await store.runs();
      expectEqual((await store.runs()).map(noteOf), [ended], "the run that has ended");
      await note(store, fence, { runs: [runNote("a", { sequence: 10, questions: 2, status: "waiting" })] });
      const [third] = await store.runs();
      expectEqual(
        (await store.runs()).map(noteOf),
        [runNote("a", { sequence: 10, questions: 2, status: "waiting" })],
        "the run that goes on",
      );
      expectEqual([second?.startedAt, third?.startedAt], [first?.startedAt, first?.startedAt], "the start");
      for (const row of [first, second, third]) {
        expectEqual(row?.cell, cell, "the cell of the run");
        expectThat(
          row !== undefined && row.updatedAt >= row.startedAt && Number.isFinite(row.startedAt),
          `the times of the run: ${JSON.stringify(row)}`,
        );
      }
    },
  },
  {
    name: "runs are listed newest first, by cell, id and status, up to a limit",
    invariant: "C20",
    run: async ({ store }) => {
      let ada = await claim(store);
      const bob = await claim(store, "bob");
      ada = await note(store, ada, { runs: [runNote("1"), runNote("2", { status: "paused" })] });
      await store.append("bob", bob, [record(0)], { runs: [runNote("1", { status: "waiting", questions: 1 })] });
      await note(store, ada, { runs: [runNote("3"), runNote("1", { status: "ended", end: "failed" })] });
      const all = (await store.runs()).map((row) => `${row.cell}:${row.runId}`);
      expectEqual(all.slice(0, 2), [`${cell}:3`, "bob:1"], "the newest runs of all cells");
      expectEqual([...all].sort(), [`${cell}:1`, `${cell}:2`, `${cell}:3`, "bob:1"].sort(), "all runs");
      expectEqual((await store.runs({ limit: 1 })).map(noteOf), [runNote("3")], "one run");
      expectEqual(await runIds(store, { cell: "bob" }), ["1"], "the runs of a cell");
      expectEqual((await runIds(store, { runId: "1" })).length, 2, "the runs of an id");
      expectEqual(await runIds(store, { runId: "1", cell, status: ["ended"] }), ["1"], "a run by all there is");
      expectEqual(await runIds(store, { status: ["paused"] }), ["2"], "the paused runs");
      expectEqual((await runIds(store, { status: ["running", "waiting"] })).length, 2, "running and waiting runs");
      expectEqual(await runIds(store, { status: [] }), [], "runs of no status");
      expectEqual(await runIds(store, { cell: "nobody" }), [], "the runs of an unknown cell");
    },
  },
  {
    name: "a listing of runs shows 1,000 unless told otherwise",
    invariant: "C20",
    run: async ({ store }) => {
      const runs = Array.from({ length: 1001 }, (_, index) => runNote(`run ${index}`));
      await note(store, await claim(store), { runs });
      expectEqual((await store.runs()).length, 1000, "runs without a limit");
      expectEqual((await store.runs({ limit: 2000 })).length, 1001, "runs up to 2,000");
    },
  },
  {
    name: "a listing shows who holds a cell, its position and when it was written",
    invariant: "C24",
    run: async ({ store }) => {
      await fill(store, 3);
      await fill(store, 1, "bob");
      const row = await rowOf(store);
      expectEqual(
        { ...row, updatedAt: 0 },
        { cell, isBusy: false, hasMail: false, owner, position: 3, updatedAt: 0 },
        "the row",
      );
      expectThat(Number.isFinite(row.updatedAt) && row.updatedAt > 0, `the time of the last write: ${row.updatedAt}`);
      expectEqual([...(await names(store))].sort(), [cell, "bob"].sort(), "all cells");
      await store.release(owner, cell);
      expectEqual((await rowOf(store)).owner, undefined, "the owner of a released cell");
      expectEqual((await rowOf(store, "bob")).owner, owner, "the owner of the other cell");
      expectEqual(await store.cells({ cell: "nobody" }), [], "an unknown cell");
    },
  },
];
