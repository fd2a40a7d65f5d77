import type { Fence, LogRange, StoreRecord } from "@troupe/core";
import { expectCode, ManualClock } from "@troupe/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeProcesses } from "../../test/support/fake-processes.ts";
import { temporaryFile, type TemporaryFile } from "../../test/support/temporary-file.ts";
import { openDatabase } from "../connection/open-database.ts";
import { dropCell, pruneLog } from "../prune-cell.ts";
import { StoreTables } from "../store-tables.ts";
import { LeaseClock } from "../worker/lease-clock.ts";
import { claimCell } from "../worker/ownership.ts";
import type { StoredCell } from "./cell-rows.ts";

const agent = { type: "agent", key: "a" };

let file: TemporaryFile;
let tables: StoreTables;
let fence: Fence;

beforeEach(() => {
  file = temporaryFile();
  const clock = new ManualClock();
  tables = new StoreTables(openDatabase({ path: file.path, sync: "normal", maxFileBytes: undefined }), {
    clock,
    leaseClock: new LeaseClock(clock),
    processes: new FakeProcesses().probe(1),
  });
  fence = claimCell(tables, "cell", "worker");
});

afterEach(() => {
  tables.database.close();
  file.remove();
});

/** The turn of a message: it says something, and sends the next message. */
function turn(index: number): StoreRecord {
  const text = `${index} `.repeat(200);
  const messageId = String(index + 1);
  return {
    kind: "turn",
    at: 1,
    turn: `${index}>agent/a`,
    agent,
    messageId: String(index),
    state: text,
    lists: [{ name: "said", isReplaced: false, items: [index] }],
    sent: [{ messageId, kind: "event", type: "Next", body: text, recipient: agent, hops: 0, at: 1 }],
    ...(index % 2 === 0 && {
      events: [{ runId: "run", sequence: index / 2 + 1, path: [], kind: "said", payload: index, at: 1 }],
    }),
  };
}

function append(records: readonly StoreRecord[], forget = false): void {
  if (forget) tables.writer.forget("cell");
  fence = { ...fence, position: tables.writer.append({ cell: "cell", fence, records, notes: undefined }) };
}

/** Turns from 0 on, one record each; about 130 fill a segment. */
function talk(from: number, end: number): void {
  for (let index = from; index < end; index++) append([turn(index)]);
}

function cell(): StoredCell {
  const found = tables.cells.find("cell");
  if (found === undefined) throw new Error("no cell");
  return found;
}

function read(range: LogRange): readonly StoreRecord[] {
  return tables.reader.read(cell(), range);
}

function said(records: readonly StoreRecord[]): readonly unknown[] {
  return records
    .flatMap((record) => (record.kind === "turn" ? (record.lists ?? []) : []))
    .flatMap(({ items }) => items);
}

function shown(records: readonly StoreRecord[]): readonly unknown[] {
  return records.flatMap((record) => ("events" in record ? (record.events ?? []) : [])).map(({ payload }) => payload);
}

function numbers(from: number, end: number, step = 1): readonly number[] {
  return Array.from({ length: Math.ceil((end - from) / step) }, (_, index) => from + index * step);
}

function summaries(): number {
  return tables.database.prepare("SELECT log FROM summary").all().length;
}

describe("summaries", () => {
  test("whole segments are read in short; the rest of the log, and any other range, record by record", () => {
    talk(0, 600);
    expect(summaries()).toBeGreaterThan(2);
    const state = read({ view: "state" });
    expect(state.length).toBeLessThan(300);
    expect(said(state)).toEqual(numbers(0, 600));
    expect(shown(read({ view: "events" }))).toEqual(numbers(0, 600, 2));
    expect(read({ view: "state", limit: 20 })).toEqual(numbers(0, 20).map(turn));
    expect(said(read({ view: "state", from: 50 }))).toEqual(numbers(50, 600));
    expect(shown(read({ view: "events", from: 50, limit: 400 }))).toEqual(numbers(50, 450, 2));
    expect(read({})).toEqual(numbers(0, 600).map(turn));
  });

  test("a segment that another writer left before it was full is summed up by the next one, unless it is short", () => {
    talk(0, 100);
    tables.writer.forget();
    talk(100, 120);
    tables.writer.forget();
    talk(120, 160);
    expect(summaries()).toBe(1);
    expect(read({ view: "state" }).length).toBeLessThan(70);
    expect(said(read({ view: "state" }))).toEqual(numbers(0, 160));
    expect(shown(read({ view: "events" }))).toEqual(numbers(0, 160, 2));
    expect(read({})).toEqual(numbers(0, 160).map(turn));
  });

  test("a segment that was damaged and left is not summed up: its readers say what is wrong", async () => {
    talk(0, 100);
    tables.writer.forget();
    tables.database.exec("UPDATE log SET text = substr(text, 1, 20) || '!' || substr(text, 22) WHERE id = 7");
    talk(100, 101);
    expect(summaries()).toBe(0);
    await expectCode("store.corrupted", "read", () => read({ view: "state" }));
  });

  test("a segment with strings that are kept apart has none", () => {
    const large = { kind: "control", at: 1, runId: "run", action: "pause", detail: "x".repeat(300_000) } as const;
    append([turn(0)]);
    append([large]);
    append([turn(1)]);
    expect(summaries()).toBe(0);
    expect(read({ view: "state" })).toEqual([turn(0), large, turn(1)]);
  });

  test("L3: summaries go with their segments", () => {
    talk(0, 600);
    const [before, bytes] = [summaries(), tables.logs.bytesOf(cell())];
    tables.database.exec("UPDATE summary SET text = ''");
    expect(tables.logs.bytesOf(cell())).toBeLessThan(bytes);
    pruneLog(tables, cell(), 300);
    expect(summaries()).toBeLessThan(before);
    expect(summaries()).toBeGreaterThan(0);
    dropCell(tables, cell());
    expect(summaries()).toBe(0);
  });

  test("what is left of a segment that was pruned in part is read record by record", () => {
    talk(0, 300);
    pruneLog(tables, cell(), 20);
    expect(said(read({ view: "state" }))).toEqual(numbers(20, 300));
    expect(shown(read({ view: "events" }))).toEqual(numbers(20, 300, 2));
  });

  test.each([
    ["a summary", "UPDATE summary SET text = substr(text, 1, 40) || '!' || substr(text, 42)"],
    ["a row that it sums up", "UPDATE log SET text = substr(text, 1, 20) || '!' || substr(text, 22) WHERE id = 7"],
    ["a row that is gone", "DELETE FROM log WHERE id = 7"],
  ])("D1: damage to %s is named", async (_name, sql) => {
    talk(0, 300);
    tables.database.exec(sql);
    await expectCode("store.corrupted", "read", () => read({ view: "state" }));
    await expectCode("store.corrupted", "read", () => read({ view: "events" }));
  });
});
