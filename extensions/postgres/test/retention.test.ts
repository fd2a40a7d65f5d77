// What a sweep drops, and what it must not.
import type { RunNote, Store } from "@troupe/core";
import type { PostgresStore } from "@troupe/postgres";
import { expect, onTestFinished, test } from "vitest";
import { freshSchema, openStore, silenceWorker } from "./support/postgres-subject.ts";
import { claimCell, mailEntry, marksOf, numbers, record } from "./support/records.ts";
import { describeWithServer } from "./support/with-server.ts";

const day = 86_400_000;

describeWithServer("PostgresStore.sweep", (server) => {
  function open(options: object = {}): { readonly store: PostgresStore; readonly schema: string } {
    const schema = freshSchema();
    const store = openStore(server(), { schema, ...options });
    onTestFinished(() => store.close());
    return { store, schema };
  }

  const note = (runId: string, status: RunNote["status"] = "ended"): RunNote => ({
    runId,
    status,
    sequence: 1,
    questions: 0,
  });

  interface Made {
    readonly cell: string;
    /** Days since its last record. */
    readonly age: number;
    readonly runs?: readonly RunNote[];
    readonly isBusy?: boolean;
    /** Left with its worker. */
    readonly isHeld?: boolean;
    readonly text?: string;
  }

  /** A cell with one record and one run. */
  async function make(store: Store, { cell, age, runs, isBusy, isHeld, text }: Made): Promise<void> {
    const fence = await claimCell(store, cell);
    const at = Date.now() - age * day;
    const notes = { runs: runs ?? [note(`run of ${cell}`)], isBusy: isBusy === true };
    await store.append(cell, fence, [{ ...record(text ?? cell), at }], notes);
    if (isHeld !== true) await store.release("owner", cell);
  }

  async function names(store: Store): Promise<readonly string[]> {
    return (await store.cells()).map(({ cell }) => cell).sort();
  }

  test("by age: cells go whose runs have all ended long enough ago, whole, with a report", async () => {
    const { store } = open();
    await make(store, { cell: "old", age: 10 });
    await make(store, { cell: "older", age: 20, runs: [note("a"), note("b")] });
    await make(store, { cell: "young", age: 1 });
    const dry = await store.sweep({ olderThanMs: 5 * day, isDryRun: true });
    expect(await names(store)).toEqual(["old", "older", "young"]);
    const report = await store.sweep({ olderThanMs: 5 * day });
    expect(report).toEqual(dry);
    expect(report.cells).toEqual(["older", "old"]);
    expect(report.runs.map(({ runId }) => runId).sort()).toEqual(["a", "b", "run of old"]);
    expect(report.bytes).toBeGreaterThan(0);
    expect(await names(store)).toEqual(["young"]);
    expect(await store.read("old")).toEqual([]);
    expect((await store.runs()).map(({ cell }) => cell)).toEqual(["young"]);
    expect(await store.sweep({ olderThanMs: 5 * day })).toEqual({ cells: [], runs: [], bytes: 0 });
  });

  test("R1: what is busy, waits, has mail, belongs to a live worker or has no runs stays", async () => {
    const { store, schema } = open();
    await make(store, { cell: "busy", age: 10, isBusy: true });
    await make(store, { cell: "waiting", age: 10, runs: [note("done"), note("open", "waiting")] });
    await make(store, { cell: "mailed", age: 10 });
    await store.deliver("mailed", [mailEntry(1)]);
    await make(store, { cell: "held", age: 10, isHeld: true });
    await make(store, { cell: "agent", age: 10, runs: [] });
    await make(store, { cell: "ended", age: 10 });
    expect((await store.sweep({ olderThanMs: day })).cells).toEqual(["ended"]);
    expect(await names(store)).toEqual(["agent", "busy", "held", "mailed", "waiting"]);
    await silenceWorker(server(), schema, "owner");
    expect((await store.sweep({ olderThanMs: day })).cells).toEqual(["held"]);
  });

  test("by number: the cells of the newest runs stay", async () => {
    const { store } = open();
    for (const age of [5, 4, 3, 2, 1]) await make(store, { cell: `day ${age}`, age });
    expect((await store.sweep({ keepLast: 9 })).cells).toEqual([]);
    expect((await store.sweep({ keepLast: 3, olderThanMs: 4.5 * day })).cells).toEqual(["day 5"]);
    expect((await store.sweep({ keepLast: 3 })).cells).toEqual(["day 4"]);
    expect(await names(store)).toEqual(["day 1", "day 2", "day 3"]);
  });

  test("by size: the oldest go until the rest fits, but never those that must be kept", async () => {
    const { store } = open();
    const noise = (): string => Array.from({ length: 400 }, () => crypto.randomUUID()).join("");
    for (const age of [6, 5, 4, 3, 2, 1]) await make(store, { cell: `day ${age}`, age, text: noise() });
    const { bytes } = await store.sweep({ olderThanMs: 0, isDryRun: true });
    expect((await store.sweep({ maxBytes: bytes })).cells).toEqual([]);
    expect((await store.sweep({ maxBytes: Math.floor(bytes * 0.6) })).cells).toEqual(["day 6", "day 5", "day 4"]);
    expect((await store.sweep({ maxBytes: 1, keepLast: 2 })).cells).toEqual(["day 3"]);
    expect(await names(store)).toEqual(["day 1", "day 2"]);
  });

  test("more cells than one page go in one sweep, and R2: what stays is what it was", async () => {
    const { store, schema } = open();
    await make(store, { cell: "kept", age: 0, text: "kept" });
    await server().query(`SET search_path = ${schema};
      INSERT INTO cells (name, epoch, position, pruned, updated_at) SELECT 'many ' || n, 1, 1, 1, 1 FROM generate_series(1, 1100) n;
      INSERT INTO runs (cell, run_id, status, sequence, questions, started_at, updated_at)
        SELECT id, 'r', 'ended', 1, 0, 1, 1 FROM cells WHERE name LIKE 'many%'`);
    const before = await store.cells({ cell: "kept" });
    const fence = await claimCell(store, "kept");
    expect((await store.sweep({ olderThanMs: day })).cells.length).toBe(1_100);
    expect(await store.cells({ cell: "kept" })).toEqual([{ ...before[0], owner: "owner" }]);
    expect(await store.append("kept", fence, [record("next")])).toBe(2);
    expect(await marksOf(store, "kept")).toEqual(["kept", "next"]);
  });

  test("message ids and marks that have expired leave snapshots of cells at rest; one that held nothing else goes", async () => {
    const { store } = open();
    const now = Date.now();
    const young = { at: now };
    const snapshot = {
      position: 1,
      agents: {},
      marks: { near: { number: 1, at: now - 1.5 * day }, far: { number: 1, at: now - 3 * day } },
      remembered: { young, old: { at: now - 2 * day } },
    };
    for (const cell of ["at rest", "held", "spent"]) {
      const fence = await claimCell(store, cell);
      const position = await store.append(cell, fence, [{ ...record(1), at: now - 3 * day }]);
      const { remembered, ...spent } = snapshot;
      const stored = cell === "spent" ? { ...spent, marks: { far: snapshot.marks.far } } : { ...spent, remembered };
      await store.snapshot(cell, { ...fence, position }, stored, { dropsLog: true });
      if (cell !== "held") await store.release("owner", cell);
    }
    await store.sweep();
    expect(await names(store)).toEqual(["at rest", "held"]);
    const kept = { ...snapshot, marks: { near: snapshot.marks.near }, remembered: { young } };
    expect((await store.claim("at rest", "owner")).snapshot).toEqual(kept);
    expect((await store.claim("held", "owner")).snapshot).toEqual(snapshot);
  });

  test("cells that hold nothing go, also those that a dead worker has left", async () => {
    const { store, schema } = open();
    for (const cell of ["left", "held"]) await claimCell(store, cell, cell);
    await silenceWorker(server(), schema, "left");
    await store.sweep();
    expect(await server().query(`SELECT name FROM ${schema}.cells`)).toEqual(["held"]);
  });

  test("large strings go when nothing refers to them any more, and not before", async () => {
    const { store, schema } = open();
    const large = "large ".repeat(60_000);
    await make(store, { cell: "old", age: 10, text: large });
    await make(store, { cell: "young", age: 0, text: large });
    const blobs = async (): Promise<unknown> => (await server().query(`SELECT count(*) FROM ${schema}.blobs`))[0];
    const age = (): Promise<unknown> =>
      server().query(`UPDATE ${schema}.blobs SET used_at = used_at - interval '2 hours'`);
    await age();
    await store.sweep({ olderThanMs: day });
    expect([await blobs(), await marksOf(store, "young")]).toEqual(["1", [large]]);
    await store.prune("young");
    await store.sweep();
    expect(await blobs()).toBe("0");
    // One that was used a moment ago may belong to a row that is being written.
    await make(store, { cell: "new", age: 0, text: large });
    await store.prune("new");
    await store.sweep();
    expect(await blobs()).toBe("1");
  });

  test("rows of dead workers go after a day, when they hold nothing", async () => {
    const { store, schema } = open();
    await claimCell(store, "cell");
    await claimCell(store, "other", "second");
    await store.release("second", "other");
    const workers = (): Promise<readonly string[]> => server().query(`SELECT owner FROM ${schema}.workers ORDER BY 1`);
    await silenceWorker(server(), schema, "second");
    await store.sweep();
    expect(await workers()).toEqual(["owner", "second"]);
    await server().query(`UPDATE ${schema}.workers SET beat = beat - interval '2 days' WHERE owner = 'second'`);
    await store.sweep();
    expect(await workers()).toEqual(["owner"]);
  });

  test("with `retention` a store sweeps by itself: what it holds stays bounded", async () => {
    const { store } = open({ retention: { keepLast: 5, everyMs: 1 } });
    for (const index of numbers(60)) await make(store, { cell: `cell ${index}`, age: 0 });
    // A sweep that began before the last writes leaves their cells to the next.
    for (let writes = 0; (await names(store)).length > 8; writes++) {
      expect(writes).toBeLessThan(200);
      await make(store, { cell: `later ${writes}`, age: 0 });
    }
  });
});
