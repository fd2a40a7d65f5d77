import { DatabaseSync } from "node:sqlite";
import { systemClock } from "@troupe/core";
import { expectCode, ManualClock } from "@troupe/core/testing";
import { type SqliteStore, sqliteStore, type SqliteStoreOptions } from "@troupe/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeProcesses } from "./support/fake-processes.ts";
import { fill, marks, pause } from "./support/records.ts";
import { temporaryFile, type TemporaryFile } from "./support/temporary-file.ts";

let file: TemporaryFile;
let processes: FakeProcesses;
let opened: SqliteStore[];

beforeEach(() => {
  file = temporaryFile();
  processes = new FakeProcesses();
  opened = [];
});

afterEach(async () => {
  for (const store of opened) await store.close();
  file.remove();
});

function openAs(pid: number, options: SqliteStoreOptions = {}): SqliteStore {
  const store = sqliteStore(file.path, { processes: processes.probe(pid), ...options });
  opened.push(store);
  return store;
}

/** A wall clock that a test can set, beside elapsed time that only grows. */
class SettableClock extends ManualClock {
  stepMs = 0;

  override now(): number {
    return super.now() + this.stepMs;
  }
}

describe("owners of a SQLite file", () => {
  test("S2: a cell of a process that died is free at once, and not clean", async () => {
    const [first, second] = [openAs(1), openAs(2)];
    const fence = await fill(first, "cell", 2);
    await expectCode("store.owned", "a claim while it lives", () => second.claim("cell", "other"));
    processes.end(1);
    expect(await second.claim("cell", "other")).toMatchObject({ position: 2, isClean: false });
    await expectCode("store.fenced", "the old owner", () => first.append("cell", fence, [pause("late")]));
    expect(marks(await first.read("cell"))).toEqual([0, 1]);
  });

  test("S2: a paused owner that wakes after its lease changes nothing, and is told", async () => {
    const clock = new ManualClock();
    const [first, second] = [openAs(1, { clock }), openAs(2, { clock })];
    const fence = await fill(first, "cell", 1);
    clock.advance(15_001);
    const fresh = await second.claim("cell", "other");
    expect(fresh.isClean).toBe(false);
    const late = [
      () => first.append("cell", fence, [pause("late")], { isBusy: true }),
      () => first.snapshot("cell", fence, { position: 1, agents: { a: { state: "1", lists: {} } } }),
      () => first.heartbeat("worker"),
      () => first.claim("another", "worker"),
    ];
    for (const attempt of late) await expectCode("store.fenced", "the paused owner", attempt);
    expect(await second.append("cell", fresh, [pause("new")])).toBe(2);
    expect(marks(await first.read("cell"))).toEqual([0, "new"]);
    await first.release("worker");
    expect(await first.heartbeat("worker")).toEqual([]);
  });

  test("S2: two workers in one process are two owners, while both live", async () => {
    const store = openAs(1);
    await fill(store, "cell", 1);
    await expectCode("store.owned", "the second worker", () => store.claim("cell", "second"));
    await store.release("worker");
    expect(await store.claim("cell", "second")).toMatchObject({ position: 1, isClean: true });
  });

  test("S2: a clock that is set back ends no lease, and a dead owner's lease still ends", async () => {
    const clock = new SettableClock();
    const [first, second] = [openAs(1, { clock }), openAs(2, { clock })];
    await fill(first, "cell", 1);
    clock.stepMs = -86_400_000;
    await first.heartbeat("worker");
    await expectCode("store.owned", "a claim after the clock was set back", () => second.claim("cell", "other"));
    // Opened after the step: its own wall clock is a day behind what the file says.
    const third = openAs(3, { clock });
    await expectCode("store.owned", "a claim by a process started since", () => third.claim("cell", "third"));
    clock.advance(15_001);
    expect((await third.claim("cell", "third")).isClean).toBe(false);
  });

  test("S2: a clock that is set forward does not end the lease of a worker that beats", async () => {
    const clock = new SettableClock();
    const [first, second] = [openAs(1, { clock }), openAs(2, { clock })];
    await fill(first, "cell", 1);
    await second.heartbeat("other");
    clock.stepMs = 86_400_000;
    await expectCode("store.owned", "a claim after the step", () => second.claim("cell", "other"));
  });

  test("S3: epochs grow over everything: cells, prunes, processes", async () => {
    const epochs: number[] = [];
    const note = async (store: SqliteStore, cell: string): Promise<void> => {
      epochs.push((await store.claim(cell, "worker")).epoch);
    };
    const first = openAs(1);
    await note(first, "a");
    await note(first, "b");
    await first.prune("a");
    await note(first, "a");
    await first.close();
    const second = openAs(2);
    await note(second, "a");
    await second.prune("b");
    await note(second, "b");
    expect(epochs).toEqual([...epochs].sort((left, right) => left - right));
    expect(new Set(epochs).size).toBe(epochs.length);
  });

  test("S4: closing releases its workers, and a second close does nothing", async () => {
    const [first, second] = [openAs(1), openAs(2)];
    await fill(first, "cell", 1);
    const late = first.append("cell", { epoch: 1, position: 1 }, [pause("late")]);
    await Promise.all([first.close(), first.close()]);
    expect(await late).toBe(2);
    expect(await second.claim("cell", "other")).toMatchObject({ position: 2, isClean: true });
    await expectCode("store.closed", "a sweep", () => first.sweep());
    expect(first.watch(() => {})).toBeTypeOf("function");
  });

  test("cells that were claimed and never written leave nothing behind a release", async () => {
    const store = openAs(1);
    for (let index = 0; index < 50; index++) await store.claim(`cell ${index}`, "worker");
    await store.append("cell 7", { epoch: 8, position: 0 }, [pause(1)]);
    await store.claim("alone", "worker");
    await store.release("worker", "alone");
    await store.release("worker");
    const database = new DatabaseSync(file.path);
    expect(database.prepare("SELECT name FROM cell").all()).toEqual([{ name: "cell 7" }]);
    database.close();
  });

  test("a heartbeat names the worker's cells that have mail", async () => {
    const [first, second] = [openAs(1), openAs(2)];
    for (const cell of ["a", "b", "c"]) await first.claim(cell, "worker");
    for (const cell of ["c", "a", "unowned"])
      await second.deliver(cell, [{ kind: "result", id: "1", outcome: { status: "replied", body: 1 } }]);
    expect(await first.heartbeat("worker")).toEqual(["a", "c"]);
    expect(await second.heartbeat("other")).toEqual([]);
  });

  test("watching a store hears of another process, with the machine's clock", async () => {
    const [first, second] = [openAs(1, { pollMs: 1 }), openAs(2)];
    const heard = Promise.withResolvers<void>();
    const stop = first.watch(heard.resolve);
    // A reference, because the store's own timer does not keep the process alive.
    const alive = systemClock.setTimer(10_000, () => heard.reject(new Error("nothing was heard")));
    alive.keepAlive?.(true);
    await fill(second, "cell", 1);
    await heard.promise;
    alive.cancel();
    stop();
  });
});
