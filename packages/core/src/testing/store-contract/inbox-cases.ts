import { createDeferred, systemClock, withDeadline } from "../../async/index.ts";
import type { InboxEntry, Store } from "../../store/index.ts";
import { ContractViolation, expectEqual, expectThat } from "../expectation.ts";
import { type StoreCase, withOther } from "./environment.ts";
import { bodies, cell, claim, entry, fill, mail, names, owner, passOn, records, rowOf } from "./fixtures.ts";

/** How long a watcher may be kept in the dark: polling stores look every 50 ms or so. */
const wakeLimitMs = 5_000;

/** Settles once the store calls its watchers after an action. @throws ContractViolation when it does not in time. */
async function expectWake(store: Store, what: string, action: () => unknown): Promise<void> {
  const woken = createDeferred<void>();
  const stop = store.watch(() => woken.resolve());
  try {
    await action();
    const error = (): unknown => new ContractViolation(`nobody was woken within ${wakeLimitMs} ms by ${what}`);
    await withDeadline(woken.promise, { clock: systemClock, ms: wakeLimitMs, error });
  } finally {
    stop();
  }
}

/** What others put into a cell, and how its owner hears of it. */
export const inboxCases: readonly StoreCase[] = [
  {
    name: "anyone may deliver; what is collected stays, in order, until an append takes it",
    invariant: "C21",
    run: async ({ store }) => {
      await store.deliver(cell, [entry(1), entry(2, "bob")]);
      const fence = await claim(store);
      await store.deliver(cell, [entry(3)]);
      const collected = await store.collect(cell, fence);
      expectEqual(await bodies(store, fence), [1, 2, 3], "the collection");
      const second = collected[1]?.id;
      await store.append(cell, fence, [], { collected: second });
      expectEqual(await store.collect(cell, fence), collected.slice(2), "what an append has not taken yet");
      await store.deliver(cell, [entry(4)]);
      await store.append(cell, fence, [], { collected: collected[2]?.id });
      expectEqual(await bodies(store, fence), [4], "what came after the collection");
    },
  },
  {
    name: "ids grow, also after everything was taken",
    invariant: "C21",
    run: async ({ store }) => {
      const fence = await claim(store);
      let last = -1;
      for (let round = 0; round < 5; round++) {
        await store.deliver(cell, [entry(round), entry(-round)]);
        const ids = (await store.collect(cell, fence)).map(({ id }) => id);
        const [first, second] = ids;
        expectThat(
          ids.length === 2 && first !== undefined && second !== undefined && last < first && first < second,
          `the ids ${ids.join(", ")} after ${last}`,
        );
        last = second;
        await store.append(cell, fence, [], { collected: last });
      }
    },
  },
  {
    name: "an append takes nothing from another cell's inbox",
    invariant: "C3",
    run: async ({ store }) => {
      await store.deliver("a", [entry(1)]);
      await store.deliver("b", [entry(2)]);
      await store.deliver("a", [entry(3)]);
      const fences = { a: await claim(store, "a"), b: await claim(store, "b") };
      const ids = (await store.collect("a", fences.a)).map(({ id }) => id);
      await store.append("a", fences.a, [], { collected: Math.max(...ids) });
      expectEqual(await bodies(store, fences.a, "a"), [], "the inbox that was taken");
      expectEqual(await bodies(store, fences.b, "b"), [2], "the other inbox");
    },
  },
  {
    name: "entries of every kind survive",
    invariant: "C21",
    run: async ({ store }) => {
      const entries: readonly InboxEntry[] = [
        { kind: "mail", mail: { ...mail("numbered"), number: 3 }, from: "account/bob" },
        { kind: "mail", mail: { ...mail({ text: "x".repeat(300_000) }), isRemembered: true } },
        {
          kind: "call",
          id: "c1",
          replyTo: "worker/1",
          call: { kind: "respond", waitId: "w", answer: { yes: [true] } },
        },
        { kind: "call", id: "c2", replyTo: "worker/1", call: { kind: "control", runId: "r", action: "cancel" } },
        { kind: "result", id: "c1", outcome: { status: "replied", body: null } },
        {
          kind: "result",
          id: "c2",
          outcome: {
            status: "failed",
            error: { name: "StateError", code: "wait.unknown", message: "no", remedy: "Ask again." },
          },
        },
      ];
      await store.deliver(cell, entries);
      const collected = await store.collect(cell, await claim(store));
      expectEqual(
        collected.map((found) => found.entry),
        entries,
        "the entries",
      );
    },
  },
  {
    name: "delivering does not take the cell from its owner, moves no position and makes nothing busy",
    invariant: "C24",
    run: async ({ store }) => {
      const fence = await fill(store, 1);
      await store.deliver(cell, [entry(1)]);
      const row = await rowOf(store);
      expectEqual([row.hasMail, row.isBusy, row.owner, row.position], [true, false, owner, 1], "the cell");
      expectEqual(await store.append(cell, fence, records(1, 1)), 2, "the position");
    },
  },
  {
    name: "a cell with mail only is listed, without an owner, until an append has taken it",
    invariant: "I9",
    run: async ({ store }) => {
      await store.deliver(cell, []);
      expectEqual(await names(store), [], "the cells after nothing was delivered");
      await store.deliver(cell, [entry(1)]);
      const row = await rowOf(store);
      expectEqual([row.hasMail, row.owner, row.position], [true, undefined, 0], "the cell");
      const fence = await claim(store);
      const collected = await store.collect(cell, fence);
      await store.append(cell, fence, [], { collected: collected[0]?.id });
      expectEqual(await names(store), [], "the cells without");
    },
  },
  {
    name: "the next owner collects what the one before had collected but not taken",
    invariant: "C21",
    run: async ({ store }) => {
      await store.deliver(cell, [entry(1), entry(2)]);
      const first = await claim(store);
      expectEqual(await bodies(store, first), [1, 2], "the first collection");
      expectEqual(await bodies(store, await passOn(store)), [1, 2], "the next owner's");
    },
  },
  {
    name: "deliveries wake whoever watches; one that has stopped watching is left alone",
    invariant: "C22",
    run: async ({ store }) => {
      let calls = 0;
      const stop = store.watch(() => (calls += 1));
      await expectWake(store, "a delivery", () => store.deliver(cell, [entry(1)]));
      expectThat(calls > 0, "of two watchers only one was woken");
      stop();
      stop();
      calls = 0;
      await expectWake(store, "a second delivery", () => store.deliver(cell, [entry(2)]));
      expectEqual(calls, 0, "calls after it had stopped");
    },
  },
];

/** What needs a second process. */
export const otherInboxCases: readonly StoreCase[] = [
  {
    name: "deliveries from another process wake the owner, and are in order",
    invariant: "C22",
    run: async (environment) => {
      const { store } = environment;
      const fence = await fill(store, 1);
      await withOther(environment, async (second) => {
        let calls = 0;
        const stop = store.watch(() => (calls += 1));
        await expectWake(store, "another process", () => second.deliver(cell, [entry(1), entry(2)]));
        stop();
        expectEqual(await store.heartbeat(owner), [cell], "the cells with mail");
        calls = 0;
        await expectWake(store, "another process", () => second.deliver(cell, [entry(3)]));
        expectEqual(calls, 0, "calls after it had stopped");
        expectEqual(await bodies(store, fence), [1, 2, 3], "the mail");
      });
    },
  },
];
