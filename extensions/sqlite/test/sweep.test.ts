import { statSync } from "node:fs";
import type { RunNote } from "@troupe/core";
import { ManualClock } from "@troupe/core/testing";
import { type SqliteStore, sqliteStore, type SqliteStoreOptions } from "@troupe/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeProcesses } from "./support/fake-processes.ts";
import { marks, pause } from "./support/records.ts";
import { temporaryFile, type TemporaryFile } from "./support/temporary-file.ts";

const dayMs = 86_400_000;

let file: TemporaryFile;
let clock: ManualClock;
let processes: FakeProcesses;
let opened: SqliteStore[];

beforeEach(() => {
  file = temporaryFile();
  clock = new ManualClock();
  processes = new FakeProcesses();
  opened = [];
});

afterEach(async () => {
  for (const store of opened) await store.close();
  file.remove();
});

function openAs(pid: number, options: SqliteStoreOptions = {}): SqliteStore {
  const store = sqliteStore(file.path, { clock, processes: processes.probe(pid), ...options });
  opened.push(store);
  return store;
}

function note(runId: string, isEnded = true): RunNote {
  return {
    runId,
    sequence: 3,
    questions: 0,
    ...(isEnded ? { status: "ended", end: "finished" } : { status: "waiting" }),
  };
}

/** Numbers that cannot be stored in much less than their text. */
function noise(count: number): readonly number[] {
  return Array.from({ length: count }, () => Math.random());
}

/** Writes one run into a cell of its own, a day after the one before, and lets the cell go. */
async function writeRun(store: SqliteStore, name: string, isEnded = true): Promise<void> {
  clock.advance(dayMs);
  const { epoch, position } = await store.claim(name, "writer");
  const records = [pause(noise(100), clock.now())];
  await store.append(name, { epoch, position }, records, { isBusy: !isEnded, runs: [note(`run ${name}`, isEnded)] });
  await store.release("writer", name);
}

async function names(store: SqliteStore): Promise<readonly string[]> {
  return (await store.cells()).map(({ cell }) => cell);
}

describe("sweep", () => {
  test("drops the cells whose runs ended long enough ago, and says which", async () => {
    const store = openAs(1);
    for (const name of ["a", "b", "c", "d"]) await writeRun(store, name);
    const dry = await store.sweep({ olderThanMs: 2 * dayMs, isDryRun: true });
    expect([dry.cells, dry.runs.map(({ runId }) => runId)]).toEqual([
      ["a", "b"],
      ["run a", "run b"],
    ]);
    expect(dry.bytes).toBeGreaterThan(0);
    expect(await names(store)).toEqual(["a", "b", "c", "d"]);
    const report = await store.sweep({ olderThanMs: 2 * dayMs });
    expect([report.cells, report.runs]).toEqual([dry.cells, dry.runs]);
    expect(await names(store)).toEqual(["c", "d"]);
    expect((await store.runs()).map(({ runId }) => runId)).toEqual(["run d", "run c"]);
  });

  test("keeps the last runs, whatever their age; alone it drops all others", async () => {
    const store = openAs(1);
    for (const name of ["a", "b", "c", "d"]) await writeRun(store, name);
    expect((await store.sweep({ olderThanMs: 0, keepLast: 3 })).cells).toEqual(["a"]);
    expect((await store.sweep({ keepLast: 10 })).cells).toEqual([]);
    expect((await store.sweep({ olderThanMs: dayMs, keepLast: 1 })).cells).toEqual(["b", "c"]);
    expect((await store.sweep({ keepLast: 0 })).cells).toEqual(["d"]);
  });

  test("drops the oldest until the data fit", async () => {
    const store = openAs(1);
    for (let index = 0; index < 40; index++) await writeRun(store, `cell ${index}`);
    await store.sweep();
    const { bytes: all } = await store.sweep({ isDryRun: true, olderThanMs: 0 });
    const size = statSync(file.path).size;
    const report = await store.sweep({ maxBytes: size - all / 2 });
    expect(report.cells.length).toBeGreaterThan(5);
    expect(report.cells.length).toBeLessThan(35);
    expect(report.cells).toEqual(Array.from({ length: report.cells.length }, (_, index) => `cell ${index}`));
    expect(statSync(file.path).size).toBeLessThanOrEqual(size - all / 2 + 8_192);
  });

  test("R1: what is busy, has mail, has an unfinished run or a live owner stays", async () => {
    const store = openAs(1);
    for (const name of ["ended", "owned", "mail", "dead"]) await writeRun(store, name);
    await writeRun(store, "waiting", false);
    await writeRun(store, "plain");
    const { epoch, position } = await store.claim("both", "writer");
    await store.append("both", { epoch, position }, [pause(1)], { runs: [note("one"), note("two", false)] });
    await store.release("writer", "both");
    const agent = await store.claim("agent", "writer");
    await store.append("agent", agent, [pause(1)]);
    await store.claim("owned", "writer");
    await store.deliver("mail", [{ kind: "result", id: "1", outcome: { status: "replied", body: 1 } }]);
    const other = openAs(2);
    await other.claim("dead", "other");
    processes.end(2);
    clock.advance(dayMs);
    await store.heartbeat("writer");
    expect((await store.sweep({ olderThanMs: 0 })).cells).toEqual(["ended", "dead", "plain"]);
    expect(await names(store)).toEqual(["owned", "mail", "waiting", "both", "agent"]);
  });

  test("R2: what stays can be read and written as before", async () => {
    const store = openAs(1);
    await writeRun(store, "old");
    const fence = await store.claim("agent", "writer");
    let position = 0;
    for (let index = 0; index < 5; index++) {
      position = await store.append("agent", { epoch: fence.epoch, position }, [pause(index)]);
    }
    await store.snapshot("agent", fence, { position: 2, agents: { a: { state: "1", lists: {} } } });
    clock.advance(10 * dayMs);
    await store.heartbeat("writer");
    expect((await store.sweep({ olderThanMs: 0 })).cells).toEqual(["old"]);
    expect(await store.append("agent", { epoch: fence.epoch, position }, [pause(5)])).toBe(6);
    expect(marks(await store.read("agent"))).toEqual([0, 1, 2, 3, 4, 5]);
    expect((await store.claim("agent", "writer")).snapshot?.agents).toEqual({ a: { state: "1", lists: {} } });
  });

  test("R3: a store under load is swept while others write", async () => {
    const store = openAs(1);
    for (let index = 0; index < 30; index++) await writeRun(store, `cell ${index}`);
    const { epoch } = await store.claim("live", "writer");
    let isSwept = false;
    const swept = store.sweep({ olderThanMs: 0 }).finally(() => (isSwept = true));
    let position = 0;
    while (!isSwept) position = await store.append("live", { epoch, position }, [pause(position)]);
    expect((await swept).cells).toHaveLength(30);
    expect(position).toBeGreaterThan(5);
    expect(await store.read("live")).toHaveLength(position);
  });

  test("message ids and marks of other cells go when they have expired; an agent that has nothing else goes with them", async () => {
    const store = openAs(1);
    const [young, old, older] = [clock.now() - 1_000, clock.now() - 1.5 * dayMs, clock.now() - 3 * dayMs];
    const marked = { old: { number: 1, at: old }, older: { number: 2, at: older } };
    const remembered = { young: { at: young }, old: { at: old } };
    const agents = { a: { state: "1", lists: {} } };
    const write = async (name: string, rest: object): Promise<void> => {
      const fence = await store.claim(name, "writer");
      await store.append(name, fence, [pause(1)]);
      await store.snapshot(name, fence, { position: 1, agents: {}, ...rest }, { dropsLog: true });
      await store.release("writer", name);
    };
    await write("both", { agents, marks: marked, remembered });
    await write("nothing else", { remembered: { old: { at: old } } });
    await write("number", { sent: 7, remembered: { old: { at: old } } });
    await store.claim("owned", "writer");
    await store.snapshot("owned", await store.claim("owned", "writer"), {
      position: 0,
      agents: {},
      remembered: { old: { at: old } },
    });
    await store.sweep();
    expect((await store.claim("both", "writer")).snapshot).toEqual({
      position: 1,
      agents,
      marks: { old: marked.old },
      remembered: { young: remembered.young },
    });
    expect(await names(store)).toEqual(["both", "number", "owned"]);
    expect((await store.claim("owned", "writer")).snapshot?.remembered).toEqual({ old: { at: old } });
    await store.release("writer");
    await store.sweep({ rememberMs: 500 });
    expect((await store.claim("both", "writer")).snapshot).toEqual({ position: 1, agents, marks: { old: marked.old } });
    expect(await names(store)).toEqual(["both", "number"]);
  });

  test("the room of what went is given back to the disk", async () => {
    const store = openAs(1);
    const { epoch } = await store.claim("large", "writer");
    let position = 0;
    for (let index = 0; index < 200; index++) {
      position = await store.append("large", { epoch, position }, [pause(noise(500), clock.now())], {
        runs: [note("run")],
      });
    }
    await store.release("writer");
    await store.sweep();
    const before = statSync(file.path).size;
    expect(before).toBeGreaterThan(500_000);
    const { bytes } = await store.sweep({ olderThanMs: 0 });
    expect(bytes).toBeGreaterThan(500_000);
    expect(statSync(file.path).size).toBe(before - bytes);
  });
});

describe("retention", () => {
  test("a store with a retention option stays bounded by itself", async () => {
    const store = openAs(1, { retention: { keepLast: 5, everyMs: 0 } });
    for (let index = 0; index < 100; index++) await writeRun(store, `cell ${index}`);
    await store.close();
    const after = openAs(2);
    const left = await names(after);
    expect(left.length).toBeGreaterThanOrEqual(5);
    expect(left.length).toBeLessThan(20);
    expect(left.at(-1)).toBe("cell 99");
  });

  test("it sweeps no more often than asked, and not without a write", async () => {
    const store = openAs(1, { retention: { olderThanMs: 0, everyMs: 3_600_000 } });
    for (const name of ["a", "b", "c"]) await writeRun(store, name);
    clock.advance(dayMs);
    await store.runs();
    expect(await names(store)).toEqual(["a", "b", "c"]);
  });
});
