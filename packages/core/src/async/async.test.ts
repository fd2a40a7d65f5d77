import { describe, expect, test } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { AsyncQueue } from "./async-queue.ts";
import { systemClock } from "./clock.ts";
import { createDeferred } from "./deferred.ts";
import { createIdSource } from "./id-source.ts";
import { isPromiseLike } from "./maybe-promise.ts";
import { createSeededRandom, createSystemRandom, hashSeed } from "./random-source.ts";
import { settleAll } from "./settle-all.ts";
import { linkSignal, raceSignal } from "./signal.ts";
import { withDeadline } from "./with-deadline.ts";
import { yieldMacrotask } from "./yield-macrotask.ts";

/** Counts the listeners that a signal holds. */
function watchListeners(signal: AbortSignal): { readonly count: () => number } {
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    count -= 1;
    remove(...args);
  };
  return { count: () => count };
}

describe("linkSignal", () => {
  test("passes the reason on, at once when the parent has aborted before", () => {
    const parent = new AbortController();
    const child = new AbortController();
    linkSignal(parent.signal, child);
    const reason = new Error("stop");
    parent.abort(reason);
    expect(child.signal.reason).toBe(reason);
    const late = new AbortController();
    linkSignal(parent.signal, late);
    expect(late.signal.reason).toBe(reason);
  });

  test("leaves nothing on the parent once unlinked", () => {
    const parent = new AbortController();
    const listeners = watchListeners(parent.signal);
    const child = new AbortController();
    const unlink = linkSignal(parent.signal, child);
    expect(listeners.count()).toBe(1);
    unlink();
    expect(listeners.count()).toBe(0);
    parent.abort();
    expect(child.signal.aborted).toBe(false);
  });
});

describe("raceSignal", () => {
  test("rejects with the signal's reason, unwrapped, and swallows the late rejection of the loser", async () => {
    const controller = new AbortController();
    const slow = createDeferred<number>();
    const raced = raceSignal(slow.promise, controller.signal);
    controller.abort("enough");
    await expect(raced).rejects.toBe("enough");
    slow.reject(new Error("late"));
    await expect(raceSignal(Promise.reject(new Error("never seen")), controller.signal)).rejects.toBe("enough");
  });

  test("removes its listener when the promise wins, and when it rejects", async () => {
    const controller = new AbortController();
    const listeners = watchListeners(controller.signal);
    await expect(raceSignal(Promise.resolve(7), controller.signal)).resolves.toBe(7);
    await expect(raceSignal(Promise.reject(new Error("no")), controller.signal)).rejects.toThrow("no");
    expect(listeners.count()).toBe(0);
  });
});

describe("withDeadline", () => {
  test("rejects with the given error when time is up, and leaves no timer when it is not", async () => {
    const clock = new ManualClock();
    const slow = createDeferred<number>();
    const waited = withDeadline(slow.promise, { clock, ms: 100, error: () => new Error("late") });
    clock.advance(100);
    await expect(waited).rejects.toThrow("late");
    await expect(withDeadline(Promise.resolve(1), { clock, ms: 100, error: () => new Error("late") })).resolves.toBe(1);
    expect(clock.timerCount).toBe(0);
  });
});

describe("settleAll", () => {
  test("waits for all before it throws; one error as it is, several together", async () => {
    const slow = createDeferred<void>();
    let isSlowDone = false;
    const first = new Error("first");
    const pending = settleAll([Promise.reject(first), slow.promise.then(() => (isSlowDone = true))]);
    slow.resolve();
    await expect(pending).rejects.toBe(first);
    expect(isSlowDone).toBe(true);
    await expect(settleAll([Promise.reject(first), Promise.reject(new Error("second")), 3])).rejects.toMatchObject({
      errors: [first, { message: "second" }],
      message: "2 of 3 failed; the first: first",
    });
    await expect(settleAll<number | string>([1, Promise.resolve("a")])).resolves.toEqual([1, "a"]);
  });
});

describe("AsyncQueue", () => {
  test("1: holds at most its capacity: drops the oldest, or refuses, and counts", async () => {
    const dropping = new AsyncQueue<number>({ capacity: 3 });
    for (let item = 1; item <= 5; item++) expect(dropping.push(item)).toBe(true);
    expect([dropping.size, dropping.droppedCount]).toEqual([3, 2]);
    expect(await dropping.next()).toEqual({ done: false, value: 3 });
    const refusing = new AsyncQueue<number>({ capacity: 1, overflow: "reject" });
    expect([refusing.push(1), refusing.push(2), refusing.droppedCount]).toEqual([true, false, 1]);
  });

  test("2: items come out in order, each once, whether the reader waits or not", async () => {
    const queue = new AsyncQueue<number>({ capacity: 10_000 });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const item of queue) seen.push(item);
    })();
    for (let item = 0; item < 500; item++) {
      queue.push(item);
      if (item % 7 === 0) await yieldMacrotask();
    }
    queue.close();
    await reading;
    expect(seen).toEqual(Array.from({ length: 500 }, (_, item) => item));
  });

  test("3: a closed queue yields what waits, then its error once, then the end; pushing does nothing", async () => {
    const queue = new AsyncQueue<string>();
    queue.push("a");
    queue.close({ error: new Error("broken") });
    expect(queue.push("b")).toBe(false);
    expect(await queue.next()).toEqual({ done: false, value: "a" });
    await expect(queue.next()).rejects.toThrow("broken");
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  test("3: closing settles readers that wait", async () => {
    const queue = new AsyncQueue<string>();
    const readers = [queue.next(), queue.next()];
    queue.close();
    expect(await Promise.all(readers)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  test("4: a reader that leaves its loop closes the queue, once", async () => {
    let closed = 0;
    const queue = new AsyncQueue<number>({ onClose: () => (closed += 1) });
    for (const item of [1, 2, 3]) queue.push(item);
    for await (const item of queue) if (item === 2) break;
    queue.close();
    expect([closed, queue.size, queue.push(4)]).toEqual([1, 0, false]);
  });
});

describe("random", () => {
  test("the same seed gives the same numbers for ever", () => {
    const random = createSeededRandom("troupe");
    const first = [random.next(), random.next(), random.next()];
    const again = createSeededRandom("troupe");
    expect([again.next(), again.next(), again.next()]).toEqual(first);
    expect(createSeededRandom(1).next()).not.toBe(createSeededRandom(2).next());
    expect(hashSeed("a")).not.toBe(hashSeed("b"));
  });

  test.each([
    ["seeded", createSeededRandom(42)],
    ["system", createSystemRandom()],
  ])("%s numbers are in [0, 1) and spread evenly", (_, random) => {
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let draw = 0; draw < 20_000; draw++) {
      const value = random.next();
      expect(value >= 0 && value < 1).toBe(true);
      buckets[Math.floor(value * 10)] = (buckets[Math.floor(value * 10)] ?? 0) + 1;
    }
    // Standard deviation of a bucket is 42: six of them either way.
    for (const count of buckets) expect(Math.abs(count - 2000)).toBeLessThan(260);
  });
});

function thenable(then: unknown): object {
  return Object.fromEntries([["then", then]]);
}

describe("small tools", () => {
  test("ids are unique within and across sources", () => {
    const [left, right] = [createIdSource(), createIdSource()];
    const ids = Array.from({ length: 1000 }, () => [left.next(), right.next()]).flat();
    expect(new Set(ids).size).toBe(2000);
    const seeded = createIdSource("test");
    expect([seeded.next(), seeded.next()]).toEqual(["test-1", "test-2"]);
  });

  test("isPromiseLike tells promises and thenables from everything else", () => {
    const values = [Promise.resolve(), thenable(() => {}), thenable(1), null, undefined, "then", 0, () => {}];
    expect(values.map((value) => isPromiseLike<unknown>(value))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  test("yieldMacrotask lets timers run", async () => {
    let isTimerDone = false;
    const timer = systemClock.setTimer(0, () => (isTimerDone = true));
    for (let turn = 0; turn < 100_000 && !isTimerDone; turn++) await yieldMacrotask();
    timer.cancel();
    expect(isTimerDone).toBe(true);
  });
});
