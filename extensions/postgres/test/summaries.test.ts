// Full segments are read in short; what they stand for is there as before, and so is its damage.
import type { Fence, LogRange, StoreRecord } from "@troupe/core";
import { expectCode } from "@troupe/core/testing";
import type { PostgresStoreOptions } from "@troupe/postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { FlakyLink } from "./support/flaky-link.ts";
import { freshSchema, openStore } from "./support/postgres-subject.ts";
import { claimCell } from "./support/records.ts";
import { describeWithServer } from "./support/with-server.ts";

const agent = { type: "agent", key: "a" };

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

describeWithServer("summaries of postgresStore", (server) => {
  /** A cell of a schema of its own. */
  async function openCell(options: PostgresStoreOptions = {}) {
    const schema = freshSchema();
    let store = openStore(server(), { schema, ...options });
    let fence: Fence = await claimCell(store, "cell");
    onTestFinished(() => store.close());
    const append = async (records: readonly StoreRecord[]): Promise<void> => {
      fence = { ...fence, position: await store.append("cell", fence, records) };
    };
    return {
      append,
      /** Turns from 0 on, one row each; about 130 fill a segment. */
      talk: async (from: number, end: number): Promise<void> => {
        for (let index = from; index < end; index++) await append([turn(index)]);
      },
      /** Goes on as another process would. */
      takeOver: async (): Promise<void> => {
        await store.close();
        store = openStore(server(), { schema });
        fence = await claimCell(store, "cell");
      },
      read: async (range: LogRange) => store.read("cell", range),
      prune: async (before?: number) => store.prune("cell", before),
      snapshot: async () => store.snapshot("cell", fence, { position: fence.position, agents: {} }, { dropsLog: true }),
      sweep: async () => store.sweep({ isDryRun: true, maxBytes: 0 }),
      note: async () => {
        const run = { runId: "run", status: "ended", sequence: 1, questions: 0 } as const;
        await store.append("cell", fence, [], { isBusy: false, runs: [run] });
        await store.release("owner", "cell");
      },
      sql: (text: string) => server().query(`SET search_path = ${schema}; ${text}`),
      summaries: async () => {
        const rows = await server().query(`SELECT start || '-' || until FROM ${schema}.summaries ORDER BY until`);
        return rows.map((row) => row.split("-").map(Number));
      },
    };
  }

  test("whole segments are read in short; the rest of the log, and any other range, record by record", async () => {
    const { talk, read, summaries } = await openCell();
    await talk(0, 600);
    const segments = await summaries();
    expect(segments.length).toBeGreaterThan(2);
    const state = await read({ view: "state" });
    expect(state.length).toBeLessThan(300);
    expect(said(state)).toEqual(numbers(0, 600));
    expect(shown(await read({ view: "events" }))).toEqual(numbers(0, 600, 2));
    expect(await read({ view: "state", limit: 20 })).toEqual(numbers(0, 20).map(turn));
    expect(said(await read({ view: "state", from: 50 }))).toEqual(numbers(50, 600));
    expect(said(await read({ view: "state", from: segments[1]?.[0] }))).toEqual(numbers(segments[1]?.[0] ?? 0, 600));
    expect(shown(await read({ view: "events", from: 50, limit: 400 }))).toEqual(numbers(50, 450, 2));
    expect(await read({ view: "state", from: 590 })).toEqual(numbers(590, 600).map(turn));
    expect(await read({ view: "events", from: 600 })).toEqual([]);
    expect(await read({})).toEqual(numbers(0, 600).map(turn));
  });

  test("E3: a summary names its segment: each ends where the next begins", async () => {
    const { talk, sql, summaries } = await openCell();
    await talk(0, 400);
    const starts = (await sql("SELECT start FROM log WHERE starts_segment ORDER BY start")).map(Number);
    // The answer to SET comes first.
    const segments = starts.filter((start) => !Number.isNaN(start));
    expect(await summaries()).toEqual(segments.slice(0, -1).map((start, index) => [start, segments[index + 1]]));
  });

  test("a segment that another owner left before it was full is summed up by the next one, unless it is short", async () => {
    const { talk, takeOver, read, summaries } = await openCell();
    await talk(0, 100);
    await takeOver();
    await talk(100, 120);
    await takeOver();
    await talk(120, 160);
    expect(await summaries()).toEqual([[0, 100]]);
    expect((await read({ view: "state" })).length).toBeLessThan(70);
    expect(said(await read({ view: "state" }))).toEqual(numbers(0, 160));
    expect(shown(await read({ view: "events" }))).toEqual(numbers(0, 160, 2));
    expect(await read({})).toEqual(numbers(0, 160).map(turn));
  });

  test("a segment that was damaged and left is not summed up: its readers say what is wrong", async () => {
    const { talk, takeOver, sql, read, summaries } = await openCell();
    await talk(0, 100);
    await sql("UPDATE log SET body = overlay(body PLACING '!!' FROM 20) WHERE start = 7");
    await takeOver();
    await talk(100, 101);
    expect(await summaries()).toEqual([]);
    await expectCode("store.corrupted", "read", () => read({ view: "state" }));
  });

  test("W3: a summary whose acknowledgement was lost is written once, with its row", async () => {
    const link = await FlakyLink.open(server().port);
    onTestFinished(() => link.close());
    const address = new URL(server().connectionString());
    address.port = String(link.port);
    const { talk, read, summaries } = await openCell({ connectionString: address.href });
    const swallowed = link.swallowAnswerTo("append-summaries");
    await talk(0, 200);
    await swallowed;
    await talk(200, 400);
    expect((await summaries()).length).toBeGreaterThan(1);
    expect(said(await read({ view: "state" }))).toEqual(numbers(0, 400));
    expect(await read({})).toEqual(numbers(0, 400).map(turn));
  });

  test("of the logs of many cells each is read alone, and followed alone", async () => {
    const schema = freshSchema();
    const names = numbers(0, 5).map((index) => `cell ${index}`);
    const write = async (from: number, end: number): Promise<void> => {
      const store = openStore(server(), { schema });
      const writeCell = async (name: string, cell: number): Promise<void> => {
        const { epoch } = await claimCell(store, name);
        for (let position = from; position < end; position++)
          await store.append(name, { epoch, position }, [turn(position + cell * 1_000)]);
      };
      await Promise.all(names.map(writeCell));
      await store.close();
    };
    await write(0, 200);
    await write(200, 210);
    const store = openStore(server(), { schema });
    onTestFinished(() => store.close());
    for (const [cell, name] of names.entries()) {
      const records = await store.read(name, { view: "state" });
      expect(said(records)).toEqual(numbers(cell * 1_000, cell * 1_000 + 210));
      expect(records.length).toBeLessThan(60);
    }
  });

  test("a segment with strings that are kept apart has none", async () => {
    const { append, takeOver, read, summaries } = await openCell();
    const large = { kind: "control", at: 1, runId: "run", action: "pause", detail: "x".repeat(300_000) } as const;
    const many = numbers(0, 40).map(turn);
    await append(many);
    await append([large]);
    await append([turn(40)]);
    await takeOver();
    await append([turn(41)]);
    expect(await summaries()).toEqual([]);
    expect(await read({ view: "state" })).toEqual([...many, large, turn(40), turn(41)]);
    expect(shown(await read({ view: "events" }))).toEqual(numbers(0, 42, 2));
  });

  test("summaries go with their segments, and count as stored", async () => {
    const { talk, prune, note, sweep, sql, summaries } = await openCell();
    await talk(0, 600);
    await note();
    const before = await summaries();
    const { bytes } = await sweep();
    await sql("UPDATE summaries SET body = ''");
    expect((await sweep()).bytes).toBeLessThan(bytes);
    await prune(300);
    const after = await summaries();
    expect(after).toEqual(before.filter(([, until = 0]) => until > 300));
    expect(after.length).toBeGreaterThan(0);
    expect(after.length).toBeLessThan(before.length);
    await prune();
    expect(await summaries()).toEqual([]);
  });

  test("summaries go with a log that a snapshot replaces", async () => {
    const { talk, snapshot, read, summaries } = await openCell();
    await talk(0, 300);
    expect((await summaries()).length).toBeGreaterThan(0);
    await snapshot();
    expect(await summaries()).toEqual([]);
    await talk(300, 500);
    expect(await summaries()).toMatchObject([[300, expect.any(Number)]]);
    expect(said(await read({ view: "state" }))).toEqual(numbers(300, 500));
  });

  test("what is left of a segment that was pruned in part is read record by record", async () => {
    const { talk, prune, read } = await openCell();
    await talk(0, 300);
    await prune(20);
    expect(said(await read({ view: "state" }))).toEqual(numbers(20, 300));
    expect(shown(await read({ view: "events" }))).toEqual(numbers(20, 300, 2));
  });

  test("a log of the version before has none, is read as before, and is summed up from then on", async () => {
    const { talk, takeOver, sql, read, summaries } = await openCell();
    await talk(0, 200);
    await sql("DROP TABLE summaries; UPDATE meta SET version = 1");
    await takeOver();
    expect(await read({ view: "state" })).toEqual(numbers(0, 200).map(turn));
    await talk(200, 400);
    expect((await summaries()).length).toBeGreaterThan(1);
    expect(said(await read({ view: "state" }))).toEqual(numbers(0, 400));
  });

  describe("G1: damage is named", () => {
    test.each([
      ["to a summary", "UPDATE summaries SET body = overlay(body PLACING '!!' FROM 40)"],
      ["to a row that it sums up", "UPDATE log SET body = overlay(body PLACING '!!' FROM 20) WHERE start = 7"],
      ["to how many records a row has", "UPDATE log SET count = 7 WHERE start = 7"],
      ["to its first row, which is gone", "DELETE FROM log WHERE start = 0"],
      ["to a row that is gone", "DELETE FROM log WHERE start = 7"],
      [
        "to a segment that is gone",
        "DELETE FROM log USING summaries s WHERE log.start >= s.start AND log.start < s.until",
      ],
      ["to the end of the log, which is gone", "DELETE FROM log WHERE start = 299"],
    ])("%s", async (_name, sql) => {
      const cell = await openCell();
      await cell.talk(0, 300);
      await cell.sql(sql);
      for (const view of ["state", "events"] as const) {
        const error = await expectCode("store.corrupted", "read", () => cell.read({ view }));
        expect(error.details).toMatchObject({ cell: "cell" });
      }
    });
  });
});
