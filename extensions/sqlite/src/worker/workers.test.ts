import { expectCode, ManualClock } from "@troupe/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeProcesses } from "../../test/support/fake-processes.ts";
import { temporaryFile, type TemporaryFile } from "../../test/support/temporary-file.ts";
import { openDatabase } from "../connection/open-database.ts";
import { StoreTables } from "../store-tables.ts";
import { LeaseClock } from "./lease-clock.ts";
import { leaseMs } from "./workers.ts";

let file: TemporaryFile;
let clock: ManualClock;
let processes: FakeProcesses;
let opened: StoreTables[];

beforeEach(() => {
  file = temporaryFile();
  clock = new ManualClock();
  processes = new FakeProcesses();
  opened = [];
});

afterEach(() => {
  for (const tables of opened) tables.database.close();
  file.remove();
});

/** The file as process `pid` has it open. */
function openAs(pid: number, host?: string): StoreTables {
  const database = openDatabase({ path: file.path, sync: "full", maxFileBytes: undefined });
  const tables = new StoreTables(database, {
    clock,
    leaseClock: new LeaseClock(clock),
    processes: processes.probe(pid, host),
  });
  opened.push(tables);
  return tables;
}

describe("Workers", () => {
  test("P1: a worker lives while it beats", () => {
    const [first, second] = [openAs(1).workers, openAs(2).workers];
    const id = first.enrol("a");
    for (let beat = 0; beat < 10; beat++) {
      clock.advance(leaseMs);
      expect(second.standing(id)).toEqual({ kind: "alive", name: "a" });
      expect(first.beat("a")).toBe(id);
    }
    clock.advance(leaseMs);
    expect(second.standing(id).kind).toBe("alive");
    clock.advance(1);
    expect(second.standing(id).kind).toBe("dead");
  });

  test("P1: a worker whose process has ended is dead at once", () => {
    const [first, second] = [openAs(1).workers, openAs(2).workers];
    const id = first.enrol("a");
    processes.end(1);
    expect(second.standing(id)).toEqual({ kind: "dead" });
  });

  test("P1: of a process that cannot be seen, only silence counts", () => {
    const [first, second] = [openAs(1, "elsewhere").workers, openAs(2).workers];
    const id = first.enrol("a");
    processes.end(1);
    expect(second.standing(id).kind).toBe("alive");
    clock.advance(leaseMs + 1);
    expect(second.standing(id).kind).toBe("dead");
  });

  test("P1: a silent worker that beats before anybody declared it dead goes on", () => {
    const [first, second] = [openAs(1).workers, openAs(2).workers];
    const id = first.enrol("a");
    clock.advance(leaseMs * 2);
    expect(first.beat("a")).toBe(id);
    expect(second.standing(id).kind).toBe("alive");
  });

  test("P1: workers of one name in two processes are two workers", () => {
    const [first, second] = [openAs(1).workers, openAs(2).workers];
    const id = first.enrol("a");
    expect(second.enrol("a")).not.toBe(id);
    expect(first.enrol("a")).toBe(id);
    second.end("a");
    expect(first.standing(id).kind).toBe("alive");
  });

  test("P2: who was declared dead is refused until it has released everything", async () => {
    const [first, second] = [openAs(1).workers, openAs(2).workers];
    const id = first.enrol("a");
    second.bury(id);
    await expectCode("store.fenced", "beat", () => first.beat("a"));
    await expectCode("store.fenced", "enrol", () => first.enrol("a"));
    await expectCode("store.fenced", "recent", () => first.recent("a"));
    first.end("a");
    expect(second.standing(id)).toEqual({ kind: "dead" });
    expect(first.enrol("a")).not.toBe(id);
  });

  test("P3: a worker that released everything has no row, and its number is not used again", () => {
    const { workers, database } = openAs(1);
    const id = workers.enrol("a");
    workers.end("a");
    expect(workers.standing(id)).toEqual({ kind: "released" });
    expect(database.prepare("SELECT * FROM worker").all()).toEqual([]);
    expect(workers.enrol("b")).toBeGreaterThan(id);
  });

  test("a heartbeat is written at most every three seconds", () => {
    const { workers } = openAs(1);
    expect(workers.recent("a")).toBe(undefined);
    const id = workers.beat("a");
    clock.advance(2_999);
    expect(workers.recent("a")).toBe(id);
    clock.advance(1);
    expect(workers.recent("a")).toBe(undefined);
  });

  test("rows of processes that died do not pile up", () => {
    for (let pid = 1; pid <= 20; pid++) {
      openAs(pid).workers.enrol("worker");
      processes.end(pid);
    }
    clock.advance(86_400_001);
    const { workers, database } = openAs(21);
    workers.enrol("last");
    expect(database.prepare("SELECT name, is_dead FROM worker").all()).toEqual([{ name: "last", is_dead: 0 }]);
  });

  test("a dead worker that a cell still names is remembered", () => {
    const first = openAs(1);
    const id = first.workers.enrol("a");
    first.cells.claim(first.cells.ensure("cell").id, id);
    processes.end(1);
    clock.advance(86_400_001);
    const second = openAs(2);
    second.workers.enrol("b");
    expect(second.workers.standing(id)).toEqual({ kind: "dead" });
  });
});
