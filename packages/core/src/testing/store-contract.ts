import type { MaybePromise } from "../async/index.ts";
import type { JsonValue } from "../errors/index.ts";
import { agentId } from "../identity/index.ts";
import type { Fence, InboxEntry, LogRecord, Mail, Store } from "../store/index.ts";
import type { ContractCase } from "./contract.ts";
import { expectCode, expectEqual, expectThat } from "./expectation.ts";

/** What a store shows to its contract. */
export interface StoreEnvironment {
  /** A new, empty store. */
  readonly store: Store;
  /** Opens the same data again, as another process would; absent for stores that end with the process. */
  readonly reopen?: (() => MaybePromise<Store>) | undefined;
}

type StoreCase = ContractCase<StoreEnvironment>;

const cell = "account/ada";

function record(mark: JsonValue): LogRecord {
  return { kind: "control", at: 1, runId: "run", action: "pause", detail: mark };
}

function records(from: number, count: number): readonly LogRecord[] {
  return Array.from({ length: count }, (_, index) => record(from + index));
}

function marks(log: readonly LogRecord[]): readonly JsonValue[] {
  return log.map((entry) => (entry.kind === "control" ? entry.detail : null));
}

function mail(body: JsonValue, key = "ada"): Mail {
  return {
    messageId: `m${JSON.stringify(body)}`,
    kind: "event",
    type: "Note",
    body,
    recipient: agentId("account", key),
    hops: 0,
    at: 1,
  };
}

function entry(body: JsonValue, key?: string): InboxEntry {
  return { kind: "mail", mail: mail(body, key) };
}

async function names(store: Store): Promise<readonly string[]> {
  return (await store.cells()).map((row) => row.cell);
}

async function claim(store: Store, name: string = cell): Promise<Fence> {
  const { epoch, position } = await store.claim(name, "owner");
  return { epoch, position };
}

/** Claims a cell and fills its log with the marks 0 to `count - 1`. */
async function fill(store: Store, count: number, name: string = cell): Promise<Fence> {
  const fence = await claim(store, name);
  return { epoch: fence.epoch, position: await store.append(name, fence, records(fence.position, count)) };
}

async function read(store: Store, name: string = cell, from = 0): Promise<readonly JsonValue[]> {
  return marks(await store.read(name, { from }));
}

const logCases: readonly StoreCase[] = [
  {
    name: "a cell that nobody wrote starts at position 0, without a snapshot, and is not listed",
    invariant: "C21",
    run: async ({ store }) => {
      const first = await store.claim(cell, "owner");
      expectEqual([first.position, first.snapshot], [0, undefined], "the first claim");
      expectEqual(await store.read(cell), [], "its log");
      expectEqual(await names(store), [], "the cells that hold anything");
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
      const cellNames = [
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
      ];
      for (const [index, name] of cellNames.entries()) await fill(store, index + 1, name);
      for (const [index, name] of cellNames.entries()) {
        expectEqual((await store.read(name)).length, index + 1, `records of ${JSON.stringify(name)}`);
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
    name: "JSON of every shape survives, half a megabyte included",
    invariant: "C23",
    run: async ({ store }) => {
      const values: readonly JsonValue[] = [
        null,
        "",
        '\u0000\u2028é😀\\"',
        1.5e-300,
        -0.1,
        Number.MAX_SAFE_INTEGER,
        [[], {}, [null]],
        { "": 1, __proto__x: 2, "a.b": { $ref: "#/x" } },
        "x".repeat(500_000),
      ];
      const fence = await claim(store);
      await store.append(cell, fence, values.map(record));
      expectEqual(await read(store), values, "the values");
    },
  },
];

const ownerCases: readonly StoreCase[] = [
  {
    name: "every claim has a higher epoch and sees the whole log",
    invariant: "C24",
    run: async ({ store }) => {
      const first = await fill(store, 3);
      const second = await store.claim(cell, "other");
      const third = await store.claim(cell, "third");
      expectThat(first.epoch < second.epoch && second.epoch < third.epoch, "the epochs do not grow");
      expectEqual([second.position, third.position], [3, 3], "the positions");
    },
  },
  {
    name: "an owner that lost its cell cannot write any more",
    invariant: "C24",
    run: async ({ store }) => {
      const old = await fill(store, 2);
      const fresh = await claim(store);
      const snapshot = { position: 2, agents: { ada: { state: "1", lists: {} } } };
      await store.deliver(cell, [entry(1)]);
      await expectCode("store.fenced", "append", () => store.append(cell, old, [record("x")]));
      await expectCode("store.fenced", "snapshot", () => store.snapshot(cell, old, snapshot));
      await expectCode("store.fenced", "collect", () => store.collect(cell, old));
      expectEqual(await store.append(cell, fresh, records(2, 1)), 3, "the new owner's append");
      expectEqual(await read(store), [0, 1, 2], "the log");
      expectEqual((await store.collect(cell, { ...fresh, position: 3 })).length, 1, "mails for the new owner");
    },
  },
  {
    name: "an owner that lost a cell nobody had written to cannot write either",
    invariant: "C24",
    run: async ({ store }) => {
      const old = await claim(store);
      const fresh = await claim(store);
      await expectCode("store.fenced", "append", () => store.append(cell, old, [record("x")]));
      expectEqual(await store.append(cell, fresh, records(0, 1)), 1, "the new owner's append");
      expectEqual(await read(store), [0], "the log");
    },
  },
  {
    name: "claims of one cell do not fence the owner of another",
    invariant: "C24",
    run: async ({ store }) => {
      const mine = await fill(store, 1, "mine");
      await fill(store, 1, "other");
      await claim(store, "other");
      expectEqual(await store.append("mine", mine, records(1, 1)), 2, "the position");
    },
  },
];

const snapshotCases: readonly StoreCase[] = [
  {
    name: "the newest snapshot comes with the claim; one without agents removes it",
    invariant: "C21",
    run: async ({ store }) => {
      const fence = await fill(store, 2);
      const agents = { ada: { state: '{"cents":5}', lists: { entries: [1, 2] } } };
      await store.snapshot(cell, fence, { position: 1, agents: {} });
      await store.snapshot(cell, fence, { position: 2, agents });
      expectEqual((await store.claim(cell, "other")).snapshot, { position: 2, agents }, "the snapshot");
      const last = await claim(store);
      await store.snapshot(cell, last, { position: 2, agents: {} });
      expectEqual((await store.claim(cell, "third")).snapshot, undefined, "the snapshot after it was removed");
    },
  },
  {
    name: "a cell with nothing but a snapshot is listed, and forgotten with it",
    invariant: "I9",
    run: async ({ store }) => {
      const fence = await claim(store);
      await store.snapshot(cell, fence, { position: 0, agents: { ada: { state: "1", lists: {} } } });
      expectEqual(await names(store), [cell], "the cells with a snapshot");
      await store.snapshot(cell, fence, { position: 0, agents: {} });
      expectEqual(await names(store), [], "the cells without it");
    },
  },
];

const inboxCases: readonly StoreCase[] = [
  {
    name: "anyone may deliver; what is collected stays, in order, until an append takes it",
    invariant: "C21",
    run: async ({ store }) => {
      await store.deliver(cell, [entry(1), entry(2, "bob")]);
      const fence = await claim(store);
      await store.deliver(cell, [entry(3)]);
      const collected = await store.collect(cell, fence);
      const bodies = collected.map(({ entry: found }) => (found.kind === "mail" ? found.mail.body : null));
      expectEqual(bodies, [1, 2, 3], "the collection");
      const second = collected[1]?.id;
      await store.append(cell, fence, [], { collected: second });
      const left = await store.collect(cell, fence);
      expectEqual(left, collected.slice(2), "what an append has not taken yet");
    },
  },
  {
    name: "delivering does not take the cell from its owner, and moves no position",
    invariant: "C24",
    run: async ({ store }) => {
      const fence = await fill(store, 1);
      await store.deliver(cell, [entry(1)]);
      expectEqual(await store.append(cell, fence, records(1, 1)), 2, "the position");
    },
  },
  {
    name: "a cell with mail only is listed until it is collected",
    invariant: "I9",
    run: async ({ store }) => {
      await store.deliver(cell, [entry(1)]);
      expectEqual(await names(store), [cell], "the cells with mail");
      const fence = await claim(store);
      const collected = await store.collect(cell, fence);
      await store.append(cell, fence, [], { collected: collected[0]?.id });
      expectEqual(await names(store), [], "the cells without");
    },
  },
];

const lifeCases: readonly StoreCase[] = [
  {
    name: "pruning drops the records before a position and moves no position",
    invariant: "C27",
    run: async ({ store }) => {
      const fence = await fill(store, 6);
      await store.prune(cell, 4);
      expectEqual(await read(store), [4, 5], "what is kept, read from 0");
      expectEqual(await read(store, cell, 5), [5], "what is kept, read from 5");
      expectEqual(await store.append(cell, fence, records(6, 1)), 7, "the position after the next append");
      await store.prune(cell, 2);
      expectEqual(await read(store), [4, 5, 6], "what is kept after pruning less");
      expectEqual((await store.claim(cell, "other")).position, 7, "the position of the next claim");
    },
  },
  {
    name: "pruning beyond the end keeps the end",
    invariant: "C27",
    run: async ({ store }) => {
      const fence = await fill(store, 3);
      await store.prune(cell, 1000);
      expectEqual(await read(store), [], "what is kept");
      expectEqual(await store.append(cell, fence, records(3, 1)), 4, "the position after the next append");
      expectEqual(await read(store, cell, 3), [3], "the log from 3");
    },
  },
  {
    name: "pruning without a position leaves nothing of a cell, and of no other",
    invariant: "I9",
    run: async ({ store }) => {
      const fence = await fill(store, 3);
      await store.snapshot(cell, fence, { position: 3, agents: { ada: { state: "1", lists: {} } } });
      await store.deliver(cell, [entry(1)]);
      await fill(store, 1, "other");
      await store.prune(cell);
      expectEqual(await names(store), ["other"], "the cells that hold anything");
      expectEqual(await store.read(cell), [], "the log");
      expectEqual((await store.claim(cell, "owner")).snapshot, undefined, "the snapshot");
      await store.prune("unknown");
    },
  },
  {
    name: "a closed store refuses everything, and closing twice is safe",
    invariant: "C21",
    run: async ({ store }) => {
      const fence = await fill(store, 1);
      await store.close();
      await store.close();
      await expectCode("store.closed", "claim", () => store.claim(cell, "owner"));
      await expectCode("store.closed", "append", () => store.append(cell, fence, [record("x")]));
      await expectCode("store.closed", "read", () => store.read(cell));
      await expectCode("store.closed", "snapshot", () => store.snapshot(cell, fence, { position: 0, agents: {} }));
      await expectCode("store.closed", "deliver", () => store.deliver(cell, [entry(1)]));
      await expectCode("store.closed", "collect", () => store.collect(cell, fence));
      await expectCode("store.closed", "prune", () => store.prune(cell));
      await expectCode("store.closed", "cells", () => store.cells());
    },
  },
  {
    name: "a store that outlives the process keeps logs, snapshots and mail, and its epochs go on growing",
    invariant: "C28",
    run: async ({ store, reopen }) => {
      expectEqual(reopen !== undefined, store.isDurable, "reopen is offered exactly by durable stores");
      if (reopen === undefined) return;
      const fence = await fill(store, 3);
      const snapshot = { position: 3, agents: { ada: { state: "1", lists: {} } } };
      await store.snapshot(cell, fence, snapshot);
      await store.deliver(cell, [entry(1)]);
      await store.close();
      const again = await reopen();
      const claimed = await again.claim(cell, "other");
      expectEqual([claimed.position, claimed.snapshot], [3, snapshot], "the claim");
      expectThat(claimed.epoch > fence.epoch, "the epoch does not grow");
      expectEqual(await read(again), [0, 1, 2], "the log");
      expectEqual((await again.collect(cell, claimed)).length, 1, "the mail");
      await again.close();
    },
  },
];

/** What every store promises (C21, C23, C24, C27). Run it with `declareContract` or `runContract`. */
export const storeContract: readonly StoreCase[] = [
  ...logCases,
  ...ownerCases,
  ...snapshotCases,
  ...inboxCases,
  ...lifeCases,
];
