import { ManualClock } from "@troupe/core/testing";
import { describe, expect, test } from "vitest";
import { ChangeWatcher } from "./change-watcher.ts";

function setUp(): { clock: ManualClock; watcher: ChangeWatcher; file: { version: number | undefined } } {
  const clock = new ManualClock();
  const file: { version: number | undefined } = { version: 1 };
  return { clock, file, watcher: new ChangeWatcher({ clock, pollMs: 25, readVersion: () => file.version }) };
}

describe("ChangeWatcher", () => {
  test("V1: without a listener there is no timer", () => {
    const { clock, watcher } = setUp();
    expect(clock.timerCount).toBe(0);
    const first = watcher.add(() => {});
    const second = watcher.add(() => {});
    clock.advance(100);
    expect(clock.timerCount).toBe(1);
    first();
    expect(clock.timerCount).toBe(1);
    second();
    second();
    expect(clock.timerCount).toBe(0);
    watcher.add(() => {});
    watcher.close();
    expect(clock.timerCount).toBe(0);
  });

  test("V2: a commit of another connection calls each listener once", () => {
    const { clock, watcher, file } = setUp();
    const calls: string[] = [];
    watcher.add(() => calls.push("a"));
    const stop = watcher.add(() => calls.push("b"));
    clock.advance(100);
    expect(calls).toEqual([]);
    file.version = 2;
    clock.advance(100);
    expect(calls).toEqual(["a", "b"]);
    stop();
    file.version = 3;
    clock.advance(25);
    expect(calls).toEqual(["a", "b", "a"]);
  });

  test("V2: what was committed while the file could not be read is noticed afterwards", () => {
    const { clock, watcher, file } = setUp();
    let calls = 0;
    watcher.add(() => (calls += 1));
    file.version = undefined;
    clock.advance(100);
    expect(calls).toBe(0);
    file.version = 2;
    clock.advance(25);
    expect(calls).toBe(1);
  });

  test("V2: a listener that comes back hears nothing of what was committed while nobody listened", () => {
    const { clock, watcher, file } = setUp();
    watcher.add(() => {})();
    file.version = 2;
    let calls = 0;
    watcher.add(() => (calls += 1));
    clock.advance(100);
    expect(calls).toBe(0);
  });
});
