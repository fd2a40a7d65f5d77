import type { JsonValue } from "../../errors/index.ts";
import { expectCode, expectEqual, expectThat } from "../expectation.ts";
import type { LogRecord } from "../../store/index.ts";
import type { StoreCase } from "./environment.ts";
import { cell, claim, fill, marks, names, owner, read, record, records } from "./fixtures.ts";

/** Names that a careless store mixes up or takes for something else. */
const cellNames: readonly string[] = [
  "",
  "a",
  "a/b",
  "a/b/c",
  "A",
  "é",
  "e\u0301",
  "__proto__",
  "constructor",
  "'; drop table x; --",
  "%",
  "😀",
  "\u0000",
  "a\u0000b",
  " a",
  "x".repeat(2000),
];

/** JSON that a careless store loses or changes. */
const hostileValues: readonly JsonValue[] = [
  null,
  "",
  '\u0000\u2028é😀\\"',
  "\ud800 alone",
  "null",
  1.5e-300,
  -0.1,
  Number.MAX_SAFE_INTEGER,
  Number.MAX_VALUE,
  [[], {}, [null]],
  JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'),
  { "": 1, "a.b": { $ref: "#/x" }, $: 1, "\u0000": "\u0000" },
  "x".repeat(500_000),
  Array.from({ length: 5000 }, (_, index) => ({ index, text: `item ${index}` })),
];

/** Characters of a string that a store keeps apart from the log (C23): above 256 KiB. */
const largeLength = 300_000;

/** Records, positions, names and values. */
export const logCases: readonly StoreCase[] = [
  {
    name: "a cell that nobody wrote starts at position 0, without a snapshot, clean, and is not listed",
    invariant: "C21",
    run: async ({ store }) => {
      const first = await store.claim(cell, owner);
      expectEqual([first.position, first.snapshot, first.isClean], [0, undefined, true], "the first claim");
      expectEqual(await store.read(cell), [], "its log");
      expectEqual(await names(store), [], "the cells that hold anything");
    },
  },
  {
    name: "whoever reads for events only gets every record that shows one, in order",
    invariant: "C20",
    run: async ({ store }) => {
      const fence = await claim(store);
      const shown = (sequence: number): LogRecord => ({
        kind: "step-claimed",
        at: 1,
        turn: "t",
        key: `step${sequence}`,
        claim: null,
        events: [{ runId: "run", sequence, path: [], kind: "said", payload: sequence, at: 1 }],
      });
      let { position } = fence;
      for (let sequence = 1; sequence <= 3; sequence++) {
        const appended = [record(sequence), shown(sequence * 2 - 1), shown(sequence * 2)];
        position = await store.append(cell, { epoch: fence.epoch, position }, appended);
        position = await store.append(cell, { epoch: fence.epoch, position }, [record(sequence)]);
      }
      const eventsFrom = async (from: number): Promise<readonly number[]> => {
        const found = await store.read(cell, { from, view: "events" });
        return found.flatMap((entry) => ("events" in entry ? (entry.events ?? []) : [])).map((event) => event.sequence);
      };
      expectEqual(await eventsFrom(0), [1, 2, 3, 4, 5, 6], "all events");
      expectEqual(await eventsFrom(6), [4, 5, 6], "the events from the middle of an append on");
      expectEqual(await eventsFrom(position), [], "the events behind the end");
      expectEqual((await store.read(cell)).length, position, "the records, read as usual");
    },
  },
  {
    name: "appended records are read in order, from any position, at most as many as asked for",
    invariant: "C21",
    run: async ({ store }) => {
      const fence = await fill(store, 5);
      expectEqual(fence.position, 5, "the position after five records");
      expectEqual(await store.append(cell, fence, records(5, 2)), 7, "the position after two more");
      expectEqual(await read(store), [0, 1, 2, 3, 4, 5, 6], "the whole log");
      expectEqual(await read(store, cell, 4), [4, 5, 6], "the log from 4");
      expectEqual(marks(await store.read(cell, { from: 2, limit: 3 })), [2, 3, 4], "three records from 2");
      expectEqual(marks(await store.read(cell, { from: 4, limit: 2 })), [4, 5], "two records of two appends");
      expectEqual(await store.read(cell, { limit: 0 }), [], "no record");
      expectEqual(await read(store, cell, 7), [], "the log from its end");
      expectEqual(await read(store, cell, 70), [], "the log from beyond its end");
      expectEqual(await names(store), [cell], "the cells that hold anything");
    },
  },
  {
    name: "an append at another position changes nothing",
    invariant: "C21",
    run: async ({ store }) => {
      const fence = await fill(store, 3);
      for (const position of [0, 2, 4]) {
        const wrong = { epoch: fence.epoch, position };
        await expectCode("store.conflict", `append at ${position}`, () => store.append(cell, wrong, [record("x")]));
      }
      expectEqual(await read(store), [0, 1, 2], "the log");
    },
  },
  {
    name: "appending nothing changes nothing",
    invariant: "C21",
    run: async ({ store }) => {
      const fence = await fill(store, 2);
      expectEqual(await store.append(cell, fence, []), 2, "the position");
      expectEqual(await read(store), [0, 1], "the log");
    },
  },
  {
    name: "cells do not touch each other, whatever their names",
    invariant: "C3",
    run: async ({ store }) => {
      for (const [index, name] of cellNames.entries()) await fill(store, index + 1, name);
      for (const [index, name] of cellNames.entries()) {
        expectEqual((await store.read(name)).length, index + 1, `records of ${JSON.stringify(name)}`);
        const rows = await store.cells({ cell: name });
        expectEqual(
          rows.map((row) => [row.cell, row.position]),
          [[name, index + 1]],
          `the listing of ${JSON.stringify(name)}`,
        );
      }
      expectEqual([...(await names(store))].sort(), [...cellNames].sort(), "the cells that hold anything");
    },
  },
  {
    name: "what was read is a copy or frozen: changing it changes nothing stored",
    invariant: "C21",
    run: async ({ store }) => {
      await fill(store, 2);
      const log = await store.read(cell);
      // A store may freeze what it hands out: then this throws, which is as good.
      try {
        Reflect.apply(Array.prototype.push, log, [record("x")]);
      } catch {
        // Frozen.
      }
      expectEqual(await read(store), [0, 1], "the log after the array was changed");
    },
  },
  {
    name: "JSON of every shape survives in one append and in many, half a megabyte included",
    invariant: "C23",
    run: async ({ store }) => {
      const fence = await claim(store);
      await store.append(cell, fence, hostileValues.map(record));
      expectEqual(await read(store), hostileValues, "the values of one append");
      let position = fence.position + hostileValues.length;
      for (const value of hostileValues)
        position = await store.append(cell, { epoch: fence.epoch, position }, [record(value)]);
      expectEqual(await read(store, cell, hostileValues.length), hostileValues, "the values of many appends");
      expectThat(Reflect.get({}, "polluted") === undefined, "a value has changed the prototype of all objects");
    },
  },
  {
    name: "a string of more than 256 KiB that is stored again takes no room again, and goes with the last that holds it",
    invariant: "C23",
    run: async ({ store, storedBytes }) => {
      const large = "large ".repeat(largeLength / 6);
      const fence = await claim(store);
      let position = await store.append(cell, fence, [record(large)]);
      const bytes = (await storedBytes?.()) ?? 0;
      for (let again = 0; again < 4; again++)
        position = await store.append(cell, { epoch: fence.epoch, position }, [record([large, again])]);
      const grown = ((await storedBytes?.()) ?? 0) - bytes;
      expectThat(grown < largeLength, `the same string four times again takes ${grown} bytes more`);
      await store.prune(cell, 4);
      expectEqual(await read(store), [[large, 3]], "what is kept after the others were pruned");
    },
  },
];
