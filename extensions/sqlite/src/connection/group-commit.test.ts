import type { DatabaseSync } from "node:sqlite";
import { DatabaseSync as Database } from "node:sqlite";
import { StoreError, systemClock } from "@troupe/core";
import { expectCode, ManualClock } from "@troupe/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { temporaryFile, type TemporaryFile } from "../../test/support/temporary-file.ts";
import { GroupCommit, type GroupCommitOptions } from "./group-commit.ts";

let file: TemporaryFile;
let database: DatabaseSync;
let rollbacks: number;

beforeEach(() => {
  file = temporaryFile();
  database = connect();
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE item (name TEXT)");
  rollbacks = 0;
});

afterEach(() => {
  database.close();
  file.remove();
});

function connect(): DatabaseSync {
  const connection = new Database(file.path);
  connection.exec("PRAGMA busy_timeout = 0");
  return connection;
}

function createGroup(options: Partial<GroupCommitOptions> = {}): GroupCommit {
  return new GroupCommit({
    path: file.path,
    clock: systemClock,
    lockedMs: 10_000,
    open: () => database,
    onOthers: () => {},
    onRollback: () => void (rollbacks += 1),
    ...options,
  });
}

function insert(name: string): () => string {
  return () => {
    database.prepare("INSERT INTO item VALUES (?)").run(name);
    return name;
  };
}

/** What another connection sees: committed rows only. */
function stored(): readonly unknown[] {
  const connection = connect();
  const rows = connection.prepare("SELECT name FROM item ORDER BY rowid").all();
  connection.close();
  return rows.map(({ name }) => name);
}

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("GroupCommit", () => {
  test("G1: what is asked for in one tick is one transaction, acknowledged after it", async () => {
    const group = createGroup();
    const seen: unknown[] = [];
    const writes = ["a", "b", "c"].map((name) => group.add(insert(name)).then((value) => seen.push([value, stored()])));
    expect(stored()).toEqual([]);
    await Promise.all(writes);
    expect(seen).toEqual(["a", "b", "c"].map((name) => [name, ["a", "b", "c"]]));
    expect(database.isTransaction).toBe(false);
  });

  test("G1: more than fit into one transaction go in order", async () => {
    const group = createGroup();
    const names = Array.from({ length: 1_300 }, (_, index) => `n${index}`);
    expect(await Promise.all(names.map((name) => group.add(insert(name))))).toEqual(names);
    expect(stored()).toEqual(names);
  });

  test("G2: a write that refuses fails alone", async () => {
    const group = createGroup();
    const refuse = (): never => {
      throw new StoreError("store.fenced", "no", { remedy: "stop" });
    };
    const writes = [group.add(insert("a")), group.add(refuse), group.add(insert("b"))];
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await expectCode("store.fenced", "the refused write", () => writes[1]);
    expect([stored(), rollbacks]).toEqual([["a", "b"], 0]);
  });

  test("G3: a write that breaks off half-way leaves nothing, and the others are written", async () => {
    const group = createGroup();
    const breakOff = (): never => {
      insert("half")();
      throw new TypeError("broken");
    };
    const writes = [group.add(insert("a")), group.add(breakOff), group.add(insert("b")), group.add(breakOff)];
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
    await expect(writes[1]).rejects.toThrow("broken");
    expect([stored(), rollbacks]).toEqual([["a", "b"], 2]);
  });

  test("G3: a full disk fails the whole transaction, and what comes later is tried again", async () => {
    const group = createGroup();
    database.exec("PRAGMA max_page_count = 3");
    const large = (): unknown => database.prepare("INSERT INTO item VALUES (?)").run("x".repeat(50_000));
    const writes = [group.add(insert("a")), group.add(large), group.add(insert("b"))];
    for (const write of await Promise.allSettled(writes)) expect(write.status).toBe("rejected");
    await expectCode("store.unavailable", "a write on a full disk", () => writes[0]);
    expect(stored()).toEqual([]);
    await group.add(insert("c"));
    expect(stored()).toEqual(["c"]);
  });

  test("G4: a locked file is tried again, and the event loop runs meanwhile", async () => {
    const holder = connect();
    holder.exec("BEGIN IMMEDIATE");
    let isWritten = false;
    const written = createGroup()
      .add(insert("a"))
      .then(() => (isWritten = true));
    for (let turn = 0; turn < 20; turn++) await immediate();
    expect(isWritten).toBe(false);
    holder.exec("COMMIT");
    holder.close();
    await written;
    expect(stored()).toEqual(["a"]);
  });

  test("G4: a file that stays locked fails what has waited long enough, and only that", async () => {
    const clock = new ManualClock();
    const group = createGroup({ clock, lockedMs: 1_000 });
    const holder = connect();
    holder.exec("BEGIN IMMEDIATE");
    const old = group.add(insert("old"));
    old.catch(() => {});
    await immediate();
    clock.advance(990);
    const young = group.add(insert("young"));
    // Longer than the longest pause between two tries.
    clock.advance(40);
    await expectCode("store.unavailable", "the write that waited too long", () => old);
    holder.exec("COMMIT");
    holder.close();
    clock.advance(50);
    expect(await young).toBe("young");
    expect(stored()).toEqual(["young"]);
    expect(clock.timerCount).toBe(0);
  });

  test("G5: while others commit, a pause follows each transaction, and ends when they stop", async () => {
    const clock = new ManualClock();
    const others: string[] = [];
    const group = createGroup({ clock, onOthers: () => others.push("looked") });
    const other = connect();
    await group.add(insert("a"));
    other.exec("INSERT INTO item VALUES ('theirs')");
    const contended = group.add(insert("b"));
    const next = contended.then(() => group.add(insert("c")));
    await contended;
    await immediate();
    await immediate();
    expect(clock.timerCount).toBe(1);
    clock.advance(1);
    expect(await next).toBe("c");
    clock.advance(1_000);
    expect(await group.add(insert("d"))).toBe("d");
    expect(clock.timerCount).toBe(0);
    expect(others).toEqual(["looked", "looked"]);
    other.close();
  });

  test("G6: an append to the only cell that is written does not wait, the next one until the event loop has turned", async () => {
    const clock = new ManualClock();
    const group = createGroup({ clock });
    const ended: string[] = [];
    const append = (name: string, cell = "a"): void => void group.add(insert(name), cell).then(() => ended.push(name));
    const microtasks = async (): Promise<void> => {
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    };
    append("first");
    clock.advance(10);
    await microtasks();
    expect(ended).toEqual([]);
    await immediate();
    append("alone");
    await microtasks();
    expect(ended).toEqual(["first", "alone"]);
    append("at once");
    await microtasks();
    expect(ended).toEqual(["first", "alone"]);
    await immediate();
    append("of another cell", "b");
    await microtasks();
    await immediate();
    append("between others");
    await microtasks();
    expect(ended).toEqual(["first", "alone", "at once", "of another cell"]);
    await immediate();
    expect(stored()).toEqual(["first", "alone", "at once", "of another cell", "between others"]);
  });

  test("appends look for others at most once a millisecond, any other write before its transaction", async () => {
    const clock = new ManualClock();
    let looked = 0;
    const group = createGroup({ clock, onOthers: () => void (looked += 1) });
    const other = connect();
    const write = (cell?: string): Promise<number> => {
      other.exec("INSERT INTO item VALUES ('theirs')");
      return group.add(insert("ours"), cell).then(() => looked);
    };
    expect([await write("cell"), await write("cell"), await write()]).toEqual([1, 1, 2]);
    clock.advance(1_000);
    expect(await write("cell")).toBe(3);
    other.close();
  });

  test("a version check that throws fails the transaction before anything is written", async () => {
    const group = createGroup({
      onOthers: () => {
        throw new StoreError("store.newer_schema", "newer", { remedy: "update" });
      },
    });
    await expectCode("store.newer_schema", "the write", () => group.add(insert("a")));
    expect(stored()).toEqual([]);
    expect(database.isTransaction).toBe(false);
  });

  test("drain resolves when everything has ended", async () => {
    const group = createGroup();
    await group.drain();
    const ended: string[] = [];
    const writes = ["a", "b"].map((name) => group.add(insert(name)).then(() => ended.push(name)));
    await group.drain();
    await Promise.all(writes);
    expect([ended, stored()]).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });
});
