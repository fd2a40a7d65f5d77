import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import type { CellEvent, LiveEvent } from "../../store/index.ts";
import { EventReader } from "./event-reader.ts";
import { RunLog } from "./run-log.ts";

const show = (log: RunLog, kind: string): void => log.show(log.number({ path: [], kind, payload: null, at: 0 }));
const live = (log: RunLog, kind: string): void => log.showLive({ path: [], kind, payload: null });
const open = (log: RunLog, options: { from?: number; isLive?: boolean; signal?: AbortSignal } = {}): EventReader =>
  new EventReader(log, { from: options.from ?? 1, isLive: options.isLive ?? true, signal: options.signal });

async function take(reader: EventReader, count: number): Promise<string[]> {
  const kinds: string[] = [];
  for (let index = 0; index < count; index++) {
    const { value } = (await reader.next()) as { value: CellEvent | LiveEvent };
    kinds.push(value.kind);
  }
  return kinds;
}

describe("EventReader", () => {
  test("V1: durable events come from the log, however late the reader and from whatever number", async () => {
    const log = new RunLog("r");
    for (let index = 1; index <= 10_000; index++) show(log, String(index));
    expect(await take(open(log, { from: 9_999 }), 2)).toEqual(["9999", "10000"]);
    const reader = open(log);
    show(log, "more");
    expect((await take(reader, 10_001)).at(-1)).toBe("more");
  });

  test("V2: a live event comes after the durable one it followed, and before the next", async () => {
    const log = new RunLog("r");
    const reader = open(log);
    show(log, "one");
    live(log, "after one");
    show(log, "two");
    live(log, "after two");
    expect(await take(reader, 4)).toEqual(["one", "after one", "two", "after two"]);
  });

  test("V3: return, the signal and the end of the run each leave no watcher and no listener", async () => {
    const log = new RunLog("r");
    const controller = new AbortController();
    const readers = [open(log, { signal: controller.signal }), open(log, { signal: controller.signal }), open(log)];
    expect(log.watcherCount).toBe(3);
    await readers[0]?.return();
    expect([log.watcherCount, getEventListeners(controller.signal, "abort").length]).toEqual([2, 1]);
    const waiting = readers[1]?.next();
    controller.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect([log.watcherCount, getEventListeners(controller.signal, "abort").length]).toEqual([1, 0]);
    log.endWatchers();
    expect(log.watcherCount).toBe(0);
    expect(await readers[2]?.next()).toEqual({ done: true, value: undefined });
    expect(open(log, { signal: controller.signal }) && log.watcherCount).toBe(0);
  });

  test("V3: the last event of a run is shown to those who wait for it, and ends their reading", async () => {
    const log = new RunLog("r");
    const waiting = open(log);
    const both = [waiting.next(), waiting.next()];
    log.show({ ...log.number({ path: [], kind: "over", payload: null, at: 0 }), end: "finished" });
    const kinds = (await Promise.all(both)).map((result) => (result.done === true ? "done" : result.value.kind));
    expect([kinds, log.watcherCount, log.end]).toEqual([["over", "done"], 0, "finished"]);
    const late = open(log);
    expect([await take(late, 1), (await late.next()).done, log.watcherCount]).toEqual([["over"], true, 0]);
  });

  test("V4: a reading that breaks off shows what is there and then throws, and who has left it hears nothing", async () => {
    const log = new RunLog("r");
    const error = new Error("stuck");
    const [early, waiting, left] = [open(log), open(log), open(log)];
    show(log, "one");
    await take(waiting, 1);
    const next = waiting.next();
    next.catch(() => {});
    log.endWatchers({ kind: "taken", error });
    await left.return();
    expect(await take(early, 1)).toEqual(["one"]);
    await expect(early.next()).rejects.toBe(error);
    await expect(next).rejects.toBe(error);
    expect((await left.next()).done).toBe(true);
    expect([early.isTaken, early.position, left.isTaken, log.watcherCount]).toEqual([true, 2, false, 0]);
  });

  test("E2: a reader that ended still shows what was durable before it did", async () => {
    const log = new RunLog("r");
    show(log, "one");
    const reader = open(log);
    reader.end();
    expect(await take(reader, 1)).toEqual(["one"]);
    expect((await reader.next()).done).toBe(true);
  });
});
