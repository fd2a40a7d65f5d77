import { type Fence, LogDecoder, type StoreRecord } from "@troupe/core";
import { expectCode, ManualClock } from "@troupe/core/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeProcesses } from "../../test/support/fake-processes.ts";
import { marks, pause, pauses } from "../../test/support/records.ts";
import { temporaryFile, type TemporaryFile } from "../../test/support/temporary-file.ts";
import { openDatabase } from "../connection/open-database.ts";
import { dropCell, pruneLog } from "../prune-cell.ts";
import { StoreTables } from "../store-tables.ts";
import { LeaseClock } from "../worker/lease-clock.ts";
import { claimCell } from "../worker/ownership.ts";
import { maxAhead, type StoredCell } from "./cell-rows.ts";

let file: TemporaryFile;
let tables: StoreTables;

function open(): StoreTables {
  const clock = new ManualClock();
  const database = openDatabase({ path: file.path, sync: "normal", maxFileBytes: undefined });
  return new StoreTables(database, {
    clock,
    leaseClock: new LeaseClock(clock),
    processes: new FakeProcesses().probe(1),
  });
}

beforeEach(() => {
  file = temporaryFile();
  tables = open();
});

afterEach(() => {
  tables.database.close();
  file.remove();
});

/** One cell, written record by record or in larger appends. */
class Log {
  readonly name: string;
  #fence: Fence;

  constructor(name: string) {
    this.name = name;
    this.#fence = claimCell(tables, name, "worker");
  }

  get stored(): StoredCell {
    const cell = tables.cells.find(this.name);
    if (cell === undefined) throw new Error(`no cell "${this.name}"`);
    return cell;
  }

  append(records: readonly StoreRecord[], forget = false, isBusy?: boolean): void {
    if (forget) tables.writer.forget(this.name);
    const { epoch } = this.#fence;
    const notes = isBusy === undefined ? undefined : { isBusy };
    const position = tables.writer.append({ cell: this.name, fence: this.#fence, records, notes });
    this.#fence = { epoch, position };
  }

  /** Another owner, under a new epoch. */
  claim(): void {
    this.#fence = claimCell(tables, this.name, "worker");
  }

  read(from?: number, limit?: number): readonly unknown[] {
    return marks(tables.reader.read(this.stored, { from, limit }));
  }
}

function rows(sql: string, ...values: readonly string[]): readonly Record<string, unknown>[] {
  return tables.database.prepare(sql).all(...values);
}

describe("the log", () => {
  test("L1, L2: whatever is appended, pruned and read, the log is what a list would be", () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("append" as const),
        cell: fc.nat(2),
        count: fc.integer({ min: 1, max: 5 }),
        forget: fc.boolean(),
        isBusy: fc.option(fc.boolean(), { nil: undefined }),
      }),
      fc.record({ kind: fc.constant("claim" as const), cell: fc.nat(2) }),
      fc.record({ kind: fc.constant("prune" as const), cell: fc.nat(2), before: fc.nat(40) }),
      fc.record({ kind: fc.constant("drop" as const), cell: fc.nat(2) }),
      fc.record({
        kind: fc.constant("read" as const),
        cell: fc.nat(2),
        from: fc.nat(40),
        limit: fc.option(fc.nat(10), { nil: undefined }),
      }),
    );
    let run = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(50), fc.nat(10), (steps, from, limit) => {
        run += 1;
        const names = [0, 1, 2].map((index) => `${run}/${index}`);
        const logs = names.map((name) => new Log(name));
        const model = names.map(() => ({ pruned: 0, records: [] as unknown[] }));
        for (const one of steps) {
          const log = logs[one.cell] as Log;
          const expected = model[one.cell] as (typeof model)[number];
          if (one.kind === "append") {
            const added = pauses(expected.records.length, one.count);
            log.append(added, one.forget, one.isBusy);
            expected.records.push(...marks(added));
          } else if (one.kind === "claim") {
            log.claim();
            expect(log.stored.position).toBe(expected.records.length);
          } else if (one.kind === "prune") {
            pruneLog(tables, log.stored, one.before);
            expected.pruned = Math.max(expected.pruned, Math.min(one.before, expected.records.length));
          } else if (one.kind === "read") {
            const start = Math.max(one.from, expected.pruned);
            const end = one.limit === undefined ? undefined : start + one.limit;
            expect(log.read(one.from, one.limit)).toEqual(expected.records.slice(start, end));
          } else {
            dropCell(tables, log.stored);
            logs[one.cell] = new Log(log.name);
            model[one.cell] = { pruned: 0, records: [] };
          }
        }
        for (const [index, log] of logs.entries()) {
          const { pruned, records } = model[index] as (typeof model)[number];
          expect(log.read()).toEqual(records.slice(pruned));
          const start = Math.max(from, pruned);
          expect(log.read(from, limit)).toEqual(records.slice(start, start + limit));
        }
      }),
      { numRuns: 100 },
    );
  });

  test("L2: pruning removes the rows of whole segments, and all rows when nothing is left", () => {
    const log = new Log("a");
    for (let index = 0; index < 12; index++) log.append([pause(index)], index % 4 === 0);
    const starts = (): unknown => rows("SELECT start FROM log ORDER BY start").map(({ start }) => start);
    pruneLog(tables, log.stored, 6);
    expect(starts()).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    expect(log.read()).toEqual([6, 7, 8, 9, 10, 11]);
    log.append([pause(12)]);
    pruneLog(tables, log.stored, 100);
    expect(starts()).toEqual([]);
    log.append([pause(13)]);
    expect([log.read(), starts()]).toEqual([[13], [13]]);
  });

  test("L2: row ids that were used before do not join two logs", () => {
    const [a, b] = [new Log("a"), new Log("b")];
    for (let index = 0; index < 5; index++) a.append([pause(index)], true);
    pruneLog(tables, a.stored, 4);
    dropCell(tables, a.stored);
    for (let index = 0; index < 9; index++) b.append([pause(`b${index}`)], true);
    pruneLog(tables, b.stored, 3);
    const again = new Log("a");
    again.append([pause("new")]);
    expect(again.read()).toEqual(["new"]);
    expect(b.read()).toEqual(["b3", "b4", "b5", "b6", "b7", "b8"]);
  });

  test("D1: a damaged row is named by cell and position, and what does not need it can be read", async () => {
    const log = new Log("a");
    for (let index = 0; index < 6; index++) log.append([pause(index)], index % 2 === 0);
    tables.database.exec("UPDATE log SET text = replace(text, 'pause', 'resume') WHERE start = 2");
    const error = await expectCode("store.corrupted", "read", () => log.read());
    expect(error.details).toEqual({ cell: "a", position: 2 });
    await expectCode("store.corrupted", "read of the row behind it", () => log.read(3, 1));
    expect([log.read(4), log.read(0, 2)]).toEqual([
      [4, 5],
      [0, 1],
    ]);
  });

  test.each([
    ["is missing", "DELETE FROM log WHERE start = 1"],
    ["leads nowhere", "UPDATE log SET previous = 1000 WHERE start = 2"],
    [
      "leads into another log",
      "UPDATE log SET previous = (SELECT tail FROM cell WHERE name = 'b') WHERE cell = 1 AND start = 2",
    ],
    ["says a wrong count", "UPDATE log SET count = 2 WHERE start = 1"],
    ["is no text", "UPDATE log SET text = x'00ff' WHERE start = 1"],
  ])("D1: a row that %s is found", async (_what, damage) => {
    const [a, b] = [new Log("a"), new Log("b")];
    for (let index = 0; index < 4; index++) a.append([pause(index)]);
    b.append([pause("b")]);
    tables.database.exec(damage);
    const error = await expectCode("store.corrupted", "read", () => a.read());
    expect(error.details).toMatchObject({ cell: "a" });
  });
});

describe("the log reader", () => {
  /** Counts the rows that are decoded. */
  function countDecoded(read: () => unknown): number {
    const decode = vi.spyOn(LogDecoder.prototype, "decode");
    read();
    const { calls } = decode.mock;
    decode.mockRestore();
    return calls.length;
  }

  test("D2: who follows a log decodes only what is new, from any position of the last segment", () => {
    const log = new Log("a");
    for (let index = 0; index < 50; index++) log.append([pause(index)]);
    expect(countDecoded(() => log.read())).toBe(50);
    log.append([pause(50)]);
    expect(countDecoded(() => expect(log.read(50)).toEqual([50]))).toBe(1);
    expect(countDecoded(() => expect(log.read(20, 2)).toEqual([20, 21]))).toBe(0);
    log.append([pause(51)], true);
    expect(countDecoded(() => expect(log.read(49)).toEqual([49, 50, 51]))).toBe(1);
    expect(countDecoded(() => expect(log.read(51)).toEqual([51]))).toBe(0);
    expect(countDecoded(() => expect(log.read(49)).toEqual([49, 50, 51]))).toBe(52);
  });

  test("D2: what was pruned and written anew is not taken for what was read before", () => {
    const log = new Log("a");
    log.append([pause(0)]);
    log.append([pause(1)]);
    expect(log.read()).toEqual([0, 1]);
    pruneLog(tables, log.stored, 2);
    // The new row gets the id of the one that went.
    log.append([pause("new")]);
    expect([log.read(), log.read(2)]).toEqual([["new"], ["new"]]);
    log.append([pause("newer")]);
    expect(log.read(2)).toEqual(["new", "newer"]);
  });

  test("D2: another process appends, and what is read goes on with it", () => {
    const log = new Log("a");
    log.append([pause(0)]);
    expect(log.read()).toEqual([0]);
    const other = open();
    const { epoch } = log.stored;
    other.writer.append({ cell: "a", fence: { epoch, position: 1 }, records: pauses(1, 3), notes: undefined });
    other.database.close();
    expect([log.read(1), log.read()]).toEqual([
      [1, 2, 3],
      [0, 1, 2, 3],
    ]);
  });

  test("D3: logs that were not read for long are decoded anew", () => {
    const logs = Array.from({ length: 9 }, (_, index) => new Log(`cell ${index}`));
    for (const log of logs) {
      log.append([pause(log.name)]);
      log.read();
    }
    expect(countDecoded(() => logs[8]?.read())).toBe(0);
    expect(countDecoded(() => expect(logs[0]?.read()).toEqual(["cell 0"]))).toBe(1);
  });
});

describe("the log writer", () => {
  test("W1: an append that the file has moved past changes nothing", async () => {
    const log = new Log("a");
    log.append([pause(0)]);
    const fence = { epoch: log.stored.epoch, position: 1 };
    const other = open();
    const append = (mark: string): number =>
      other.writer.append({ cell: "a", fence, records: [pause(mark)], notes: undefined });
    append("first");
    await expectCode("store.conflict", "append", () => append("again"));
    await expectCode("store.conflict", "append of the one before", () => log.append([pause("late")]));
    other.database.close();
    expect(log.read()).toEqual([0, "first"]);
  });

  test("W2: writers that take turns on one cell each start a segment", () => {
    const log = new Log("a");
    const { epoch } = log.stored;
    const other = open();
    for (let position = 0; position < 10; position++) {
      const writer = position % 3 === 0 ? other.writer : tables.writer;
      writer.append({ cell: "a", fence: { epoch, position }, records: [pause(position)], notes: undefined });
    }
    other.database.close();
    expect(log.read()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(log.read(5, 2)).toEqual([5, 6]);
  });

  test("W2: a long log is made of segments of bounded size", () => {
    const log = new Log("a");
    for (let index = 0; index < 1_200; index++) log.append([pause(`${index} `.repeat(200))]);
    const [{ segments } = { segments: 0 }] = rows("SELECT count(*) AS segments FROM log WHERE is_segment = 1");
    expect(segments).toBeGreaterThan(2);
    expect(segments).toBeLessThan(30);
    expect(log.read(1_199)).toEqual(["1199 ".repeat(200)]);
  });

  test("W5: the row of a busy cell falls behind its log, never by more than can be looked through, and everybody knows its end", () => {
    const logs = [new Log("a"), new Log("b"), new Log("c")] as const;
    const reader = open();
    let written = 0;
    let furthest = 0;
    for (let round = 0; round < 4 * maxAhead; round++) {
      // They write at different rates, and one stops for long.
      for (const [index, log] of logs.entries()) {
        if (round % (index * 5 + 1) !== 0 || (index === 2 && round > 20 && round < 3 * maxAhead)) continue;
        log.append([pause(round)], false, true);
        written += 1;
        expect(reader.cells.find(log.name)).toEqual(log.stored);
        expect(reader.cells.list(log.name)[0]?.position).toBe(log.stored.position);
      }
      for (const { stored } of logs) {
        const ahead = (stored.tail ?? 0) - (stored.knownTail ?? 0);
        furthest = Math.max(furthest, ahead);
        expect(ahead).toBeLessThan(maxAhead);
      }
    }
    expect(furthest).toBe(maxAhead - 1);
    expect(logs.reduce((sum, log) => sum + log.stored.position, 0)).toBe(written);
    reader.database.close();
  });

  test("W5: a cell that rests is written, and so is the time of the last write after a second", () => {
    const log = new Log("a");
    const row = (): unknown => rows("SELECT position, is_busy, updated FROM cell").at(0);
    log.append([pause(0, 5_000)], false, true);
    log.append([pause(1, 5_999)], false, true);
    expect(row()).toEqual({ position: 1, is_busy: 1, updated: 5_000 });
    log.append([pause(2, 6_000)], false, true);
    expect(row()).toEqual({ position: 3, is_busy: 1, updated: 6_000 });
    log.append([pause(3, 6_001)], false, true);
    log.append([pause(4, 6_002)], false, false);
    expect(row()).toEqual({ position: 5, is_busy: 0, updated: 6_002 });
    log.append([pause(5, 6_003)]);
    expect(row()).toEqual({ position: 6, is_busy: 0, updated: 6_003 });
  });

  test("W1: whoever was fenced while its cell's row was behind adds nothing", async () => {
    const log = new Log("a");
    for (let index = 0; index < 5; index++) log.append([pause(index)], false, true);
    const other = open();
    const claim = claimCell(other, "a", "worker");
    expect(claim.position).toBe(5);
    await expectCode("store.fenced", "append", () => log.append([pause("late")], false, true));
    const notes = { isBusy: true };
    other.writer.append({ cell: "a", fence: claim, records: [pause(5)], notes });
    other.database.close();
    expect(log.read()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("W2: after a prune of a log that is ahead of its cell's row the next row can be read without those that went", () => {
    const log = new Log("a");
    for (let index = 0; index < 5; index++) log.append([pause(index)], false, true);
    pruneLog(tables, log.stored, 3);
    log.append([pause(5)], false, true);
    expect(log.read()).toEqual([3, 4, 5]);
    pruneLog(tables, log.stored, 6);
    log.append([pause(6)], false, true);
    log.append([pause(7)], false, true);
    expect([log.read(), log.stored.position]).toEqual([[6, 7], 8]);
  });

  test("W4: encoders of cells that were not written for long are dropped; all logs can be read", () => {
    const logs = Array.from({ length: 1_100 }, (_, index) => new Log(`cell ${index}`));
    tables.database.exec("BEGIN");
    for (let round = 0; round < 3; round++) for (const log of logs) log.append([pause(round)]);
    tables.database.exec("COMMIT");
    for (const log of logs) expect(log.read()).toEqual([0, 1, 2]);
    // Each row starts a segment: by the time its cell comes again, the encoder is gone.
    expect(rows("SELECT count(*) AS segments FROM log WHERE is_segment = 1")).toEqual([{ segments: 3_300 }]);
  });
});

describe("large strings", () => {
  const large = (letter: string): string => letter.repeat(300_000);
  const blobs = (): number => rows("SELECT * FROM blob").length;

  test("C23: each is stored once, for logs and snapshots, and goes with the last that uses it", () => {
    const [a, b] = [new Log("a"), new Log("b")];
    a.append([pause(large("x")), pause(large("x"))], true);
    a.append([pause("between")], true);
    a.append([pause(large("y"))]);
    b.append([pause([large("x")])]);
    tables.snapshots.put(b.stored.id, {
      position: 1,
      agents: { z: { lists: { items: [large("x"), large("z"), "\u0001plain", "\u0001"] } } },
    });
    expect(blobs()).toBe(3);
    expect(a.read()).toEqual([large("x"), large("x"), "between", large("y")]);
    expect(tables.snapshots.read(b.stored.id, "b")?.agents["z"]?.lists["items"]).toEqual([
      large("x"),
      large("z"),
      "\u0001plain",
      "\u0001",
    ]);
    pruneLog(tables, a.stored, 2);
    expect(blobs()).toBe(3);
    tables.snapshots.put(b.stored.id, { position: 1, agents: { z: { lists: { items: [] } } } });
    expect(blobs()).toBe(2);
    dropCell(tables, b.stored);
    expect(blobs()).toBe(1);
    expect(a.read()).toEqual(["between", large("y")]);
    dropCell(tables, a.stored);
    expect([blobs(), rows("SELECT * FROM blob_use")]).toEqual([0, []]);
  });

  test("C23: any large string comes back, and a lost one is an error", async () => {
    const log = new Log("a");
    const hostile = `${"\u0000\ud800".repeat(150_000)}\u0001`;
    log.append([pause(hostile)]);
    expect(log.read()).toEqual([hostile]);
    tables.database.exec("DELETE FROM blob");
    await expectCode("store.corrupted", "read", () => log.read());
  });
});
