import { ManualClock } from "@troupe/core/testing";
import { describe, expect, test } from "vitest";
import { LeaseClock } from "./lease-clock.ts";

describe("LeaseClock", () => {
  test("a wall clock that is set back or forward changes nothing: elapsed time counts", () => {
    let wall = 1_000_000;
    const manual = new ManualClock();
    const clock = new LeaseClock({
      now: () => wall,
      monotonic: () => manual.monotonic(),
      setTimer: (delay, callback) => manual.setTimer(delay, callback),
    });
    manual.advance(500);
    wall = 5;
    expect(clock.now(0)).toBe(1_000_500);
    manual.advance(500);
    wall = 9_000_000;
    expect(clock.now(0)).toBe(1_001_000);
  });

  test("it is never behind what another process has written, and goes on from there", () => {
    const manual = new ManualClock({ startMs: 1_000 });
    const clock = new LeaseClock(manual);
    expect(clock.now(50_000)).toBe(50_000);
    manual.advance(10);
    expect(clock.now(0)).toBe(50_010);
    expect(clock.now(50_000)).toBe(50_010);
  });
});
