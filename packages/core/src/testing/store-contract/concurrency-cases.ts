import { createDeferred, yieldMacrotask } from "../../async/index.ts";
import type { JsonValue } from "../../errors/index.ts";
import type { Fence, Store } from "../../store/index.ts";
import { codeOf, expectEqual, expectThat, settle } from "../expectation.ts";
import { type StoreCase, type StoreEnvironment, withOther } from "./environment.ts";
import { bodies, cell, claim, entry, fill, passOn, read, record, records } from "./fixtures.ts";

const cellCount = 32;
const appendCount = 25;

/** Appends one, two or three records at a time until the cell has had its share. */
async function write(store: Store, name: string, worker: string): Promise<number> {
  let fence = await claim(store, name, worker);
  for (let append = 0; append < appendCount; append++) {
    const position = await store.append(name, fence, records(fence.position, 1 + (append % 3)));
    fence = { epoch: fence.epoch, position };
  }
  return fence.position;
}

/** Writes a share of the cells at once. */
async function writeCells(store: Store, worker: string): Promise<void> {
  const cells = Array.from({ length: cellCount }, (_, index) => `${worker} ${index}`);
  const positions = await Promise.all(cells.map((name) => write(store, name, worker)));
  for (const [index, name] of cells.entries()) {
    const expected: readonly JsonValue[] = Array.from({ length: positions[index] ?? 0 }, (_, mark) => mark);
    expectEqual(await read(store, name), expected, `the log of "${name}"`);
  }
}

/** Reads again and again while appends of three records come in, and must never see one in parts. */
async function readDuring(writer: Store, reader: Store, fence: Fence): Promise<void> {
  const done = createDeferred<void>();
  let isDone = false;
  let reads = 0;
  const watch = async (): Promise<void> => {
    while (!isDone || reads < 5) {
      const log = await read(reader);
      expectThat(log.length % 3 === 0, `a read shows ${log.length} records of appends of three`);
      expectEqual(
        log,
        Array.from(log, (_, index) => index),
        "the log as read",
      );
      reads += 1;
      await yieldMacrotask();
    }
    done.resolve();
  };
  const watching = Promise.all([watch(), done.promise]);
  watching.catch(() => {});
  let next = fence;
  for (let append = 0; append < 40; append++) {
    const position = await writer.append(cell, next, records(next.position, 3));
    next = { epoch: next.epoch, position };
    if (append % 8 === 0) await yieldMacrotask();
  }
  isDone = true;
  await watching;
}

/** Delivers numbered entries from two senders at once. */
async function deliverFrom(stores: readonly Store[], { store }: StoreEnvironment): Promise<void> {
  const senders = stores.map(async (sender, index) => {
    for (let count = 0; count < 20; count++)
      await sender.deliver(cell, [entry([index, 2 * count]), entry([index, 2 * count + 1])]);
  });
  await Promise.all(senders);
  const found = await bodies(store, await claim(store));
  expectEqual(found.length, 40 * stores.length, "all entries");
  for (const index of stores.keys()) {
    const own = found.filter((body) => Array.isArray(body) && body[0] === index);
    expectEqual(
      own,
      Array.from({ length: 40 }, (_, count) => [index, count]),
      `the entries of sender ${index}`,
    );
  }
}

/** Many at once, in one process. */
export const concurrencyCases: readonly StoreCase[] = [
  {
    name: "many cells are written at once without touching each other",
    invariant: "C22",
    run: ({ store }) => writeCells(store, "owner"),
  },
  {
    name: "appends to one cell that are asked for in one tick are kept in the order asked for",
    invariant: "C22",
    run: async ({ store }) => {
      const cells = ["a", "b", "c"];
      const fences = new Map<string, Fence>();
      for (const name of cells) fences.set(name, await claim(store, name));
      const asked = Array.from({ length: 30 }, async (_, index) => {
        const name = cells[index % 3] ?? "";
        const position = Math.floor(index / 3);
        return store.append(name, { epoch: fences.get(name)?.epoch ?? 0, position }, [record(position)]);
      });
      expectEqual(
        await Promise.all(asked),
        Array.from({ length: 30 }, (_, index) => Math.floor(index / 3) + 1),
        "the positions",
      );
      for (const name of cells) {
        expectEqual(
          await read(store, name),
          Array.from({ length: 10 }, (_, mark) => mark),
          `the log of "${name}"`,
        );
      }
    },
  },
  {
    name: "of appends asked for in one tick a fenced and a misplaced one fail alone",
    invariant: "C22",
    run: async ({ store }) => {
      const cells = ["a", "fenced", "b", "misplaced", "c"];
      const fences = new Map<string, Fence>();
      for (const name of cells) fences.set(name, await fill(store, 1, name));
      await passOn(store, "fenced");
      const asked = cells.map((name) => {
        const fence = fences.get(name) ?? { epoch: 0, position: 0 };
        const position = name === "misplaced" ? 9 : fence.position;
        return settle(() => store.append(name, { ...fence, position }, [record(1)], { isBusy: true }));
      });
      const outcomes = (await Promise.all(asked)).map((outcome) =>
        outcome.status === "fulfilled" ? outcome.value : codeOf(outcome.error),
      );
      expectEqual(outcomes, [2, "store.fenced", 2, "store.conflict", 2], "the outcomes");
      for (const name of cells) {
        const isRefused = name === "fenced" || name === "misplaced";
        expectEqual(await read(store, name), isRefused ? [0] : [0, 1], `the log of "${name}"`);
        const [row] = await store.cells({ cell: name });
        expectEqual(row?.isBusy, !isRefused, `busy: "${name}"`);
      }
    },
  },
  {
    name: "a read never shows half an append",
    invariant: "C21",
    run: async ({ store }) => readDuring(store, store, await claim(store)),
  },
  {
    name: "what several senders deliver at once arrives whole, in each sender's order",
    invariant: "C10",
    run: (environment) => deliverFrom([environment.store, environment.store], environment),
  },
];

/** Many at once, in two processes. */
export const otherConcurrencyCases: readonly StoreCase[] = [
  {
    name: "two processes write many cells at once",
    invariant: "C22",
    run: (environment) =>
      withOther(environment, async (second) => {
        await Promise.all([writeCells(environment.store, "first"), writeCells(second, "second")]);
        expectEqual((await second.cells()).length, 2 * cellCount, "the cells of both");
      }),
  },
  {
    name: "a read never shows half an append of another process",
    invariant: "C21",
    run: (environment) =>
      withOther(environment, async (second) => readDuring(environment.store, second, await claim(environment.store))),
  },
  {
    name: "what two processes deliver at once arrives whole, in each sender's order",
    invariant: "C10",
    run: (environment) => withOther(environment, (second) => deliverFrom([environment.store, second], environment)),
  },
];
