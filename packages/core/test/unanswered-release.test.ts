import { InProcessRuntime } from "@troupe/core";
import { FaultyStore, SharedData, type StoreFault } from "@troupe/core/testing";
import { describe, expect, test } from "vitest";
import { Add, counter, Raise } from "./support/counter.ts";
import { quiet, until } from "./support/host.ts";

const agent = counter.id("a");

/** Two processes on the same data; the first has let a cell go, and the first release of it has failed. */
async function startBoth(data: SharedData, setup: { readonly fault: StoreFault; readonly isSlow: boolean }) {
  const store = new FaultyStore({
    store: data.open(),
    fault: (operation, count) => (operation === "release" && count === 1 ? setup.fault : undefined),
    delay: setup.isSlow ? () => Promise.resolve() : undefined,
  });
  const first = new InProcessRuntime({ store, logger: quiet, maxIdleAgents: 1 });
  const second = new InProcessRuntime({ store: data.open(), logger: quiet });
  for (const runtime of [first, second]) await runtime.register(counter);
  await first.send(Add({ n: 1 }), agent);
  await first.send(Add({ n: 1 }), counter.id("b"));
  await until(() => (store.count("release") > 0 ? true : undefined));
  await first.idle();
  return { first, second };
}

describe.each([{ isSlow: false }, { isSlow: true }])("a release that fails (slow: $isSlow)", ({ isSlow }) => {
  test("B4: when its answer is lost, the process shows what the next owner has written", async () => {
    const data = new SharedData();
    const { first, second } = await startBoth(data, { fault: "answer-lost", isSlow });
    await using _both = { [Symbol.asyncDispose]: () => Promise.all([first.close(), second.close()]).then(() => {}) };
    expect(await second.send(Add({ n: 2 }), agent)).toEqual({ total: 3 });
    expect((await first.snapshot(agent))?.state).toEqual({ total: 3 });
    expect(await first.send(Add({ n: 4 }), agent)).toEqual({ total: 7 });
    expect((await second.snapshot(agent))?.state).toEqual({ total: 7 });
  });

  test("L5: when nothing has happened, the cell is opened for the mail that others put into its inbox", async () => {
    const data = new SharedData();
    const { first, second } = await startBoth(data, { fault: "refused", isSlow });
    await using _both = { [Symbol.asyncDispose]: () => Promise.all([first.close(), second.close()]).then(() => {}) };
    expect(first.stats().residentCells).toBe(1);
    await second.tell(Raise({ n: 2 }), agent);
    expect(await second.send(Add({ n: 4 }), agent, { deadlineMs: 5_000 })).toEqual({ total: 7 });
  });
});
