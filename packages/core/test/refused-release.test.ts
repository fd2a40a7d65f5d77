import { InProcessRuntime } from "@troupe/core";
import { FaultyStore, ManualClock, SharedData } from "@troupe/core/testing";
import { describe, expect, test } from "vitest";
import { Add, counter } from "./support/counter.ts";
import { quiet, until } from "./support/host.ts";

const agent = counter.id("a");

const yieldMacrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A process that keeps one agent in memory, on a store that refuses as many releases as it is told. */
class Process {
  readonly data = new SharedData();
  readonly clock = new ManualClock();
  readonly store: FaultyStore;
  readonly runtime: InProcessRuntime;
  refusals = 0;

  constructor(isSlow: boolean) {
    let isRelease = false;
    this.store = new FaultyStore({
      store: this.data.open(),
      fault: (operation) => {
        isRelease = operation === "release";
        return isRelease && this.refusals-- > 0 ? "refused" : undefined;
      },
      // What is asked after a release may pass it.
      delay: isSlow ? () => (isRelease ? yieldMacrotask() : Promise.resolve()) : undefined,
    });
    this.runtime = new InProcessRuntime({ store: this.store, clock: this.clock, logger: quiet, maxIdleAgents: 1 });
  }

  /** Lets agent `a` leave memory; so many releases of its cell fail. */
  async letGo(refusals: number): Promise<void> {
    await this.runtime.register(counter);
    this.refusals = refusals;
    await this.runtime.send(Add({ n: 1 }), agent);
    await this.runtime.send(Add({ n: 1 }), counter.id("b"));
    await until(() => (this.store.count("release") > 0 ? true : undefined));
    await this.runtime.idle();
  }

  /** Lets time pass until the store was asked for so many releases. */
  async passUntil(releases: number): Promise<void> {
    for (let second = 0; second < 100 && this.store.count("release") < releases; second++) {
      this.clock.advance(1_000);
      await this.runtime.idle();
    }
  }

  get holder(): string | undefined {
    return this.data.owners.get("counter/a");
  }
}

describe.each([{ isSlow: false }, { isSlow: true }])("a release that is refused (slow: $isSlow)", ({ isSlow }) => {
  test("R1: is tried again until the store answers, and leaves no timer", async () => {
    const process = new Process(isSlow);
    await using runtime = process.runtime;
    await process.letGo(3);
    expect(process.holder).toBeDefined();
    await process.passUntil(4);
    expect(process.holder).toBeUndefined();
    process.clock.advance(300_000);
    await runtime.idle();
    expect(process.store.count("release")).toBe(4);
  });

  test("R2: takes nothing from a cell that was opened again", async () => {
    const process = new Process(isSlow);
    await using runtime = process.runtime;
    await process.letGo(1);
    const asked = runtime.send(Add({ n: 2 }), agent);
    process.clock.advance(1_000);
    expect(await asked).toEqual({ total: 3 });
    await runtime.idle();
    process.clock.advance(1_000);
    await runtime.idle();
    expect(process.holder).toBeDefined();
    expect(await runtime.send(Add({ n: 4 }), agent)).toEqual({ total: 7 });
  });

  test("R2: who asks while a later try is under way opens the cell behind it", async () => {
    const process = new Process(isSlow);
    await using runtime = process.runtime;
    await process.letGo(1);
    process.clock.advance(1_000);
    expect(await runtime.send(Add({ n: 2 }), agent)).toEqual({ total: 3 });
    await runtime.idle();
    expect(process.holder).toBeDefined();
  });

  test("R3: close gives everything back, also when the store refuses that at first, and leaves nothing", async () => {
    const process = new Process(isSlow);
    await process.letGo(1);
    process.refusals = 2;
    const closed = process.runtime.close();
    let isClosed = false;
    void closed.then(() => (isClosed = true));
    await until(() => {
      if (!isClosed) process.clock.advance(10);
      return isClosed ? true : undefined;
    });
    expect([...process.data.owners]).toEqual([]);
    expect(process.clock.timerCount).toBe(0);
  });
});
