import { describe, expect, test } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { createSeededRandom } from "./random-source.ts";
import { TimerWheel } from "./timer-wheel.ts";
import { yieldMacrotask } from "./yield-macrotask.ts";

describe("TimerWheel", () => {
  test("1 (C29): an empty wheel has nothing armed, before, between and after timers", async () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    expect(clock.timerCount).toBe(0);
    const timers = [wheel.set(10, () => {}), wheel.set(60_000, () => {}), wheel.set(20, () => {})];
    expect(clock.timerCount).toBe(1);
    for (const timer of timers) timer.cancel();
    await yieldMacrotask();
    expect(clock.timerCount).toBe(0);
    wheel.set(5, () => {});
    clock.advance(5);
    expect([clock.timerCount, wheel.size]).toEqual([0, 0]);
  });

  test.each([1, 2, 63, 64, 65, 4095, 4096, 4097, 60_000, 262_144, 604_800_000, 3_000_000_000])(
    "2: a timer of %d ms fires at its time, not before",
    (delay) => {
      const clock = new ManualClock();
      clock.advance(37);
      const wheel = new TimerWheel(clock);
      let firedAt: number | undefined;
      wheel.set(delay, () => (firedAt = clock.monotonic()));
      clock.advance(delay - 1);
      expect(firedAt).toBeUndefined();
      clock.advance(1);
      expect(firedAt).toBe(37 + delay);
    },
  );

  test("2: random timers, set and cancelled at random times, fire exactly once, in order, exactly when due", () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = createSeededRandom(seed);
      const clock = new ManualClock();
      const wheel = new TimerWheel(clock);
      const waiting = new Map<number, { due: number; cancel: () => void }>();
      let last = 0;
      for (let step = 0; step < 1000; step++) {
        const choice = random.next();
        if (choice < 0.5) {
          const delay = 1 + Math.floor(random.next() ** 6 * 10_000_000);
          const due = clock.monotonic() + delay;
          const id = step;
          const timer = wheel.set(delay, () => {
            expect(clock.monotonic()).toBe(due);
            expect(due).toBeGreaterThanOrEqual(last);
            expect(waiting.delete(id)).toBe(true);
            last = due;
          });
          waiting.set(id, { due, cancel: () => timer.cancel() });
        } else if (choice < 0.7) {
          const [id] = waiting.keys();
          if (id !== undefined) {
            waiting.get(id)?.cancel();
            waiting.delete(id);
          }
        } else clock.advance(Math.floor(random.next() ** 4 * 100_000));
        const overdue = [...waiting.values()].filter(({ due }) => due <= clock.monotonic());
        expect(overdue).toEqual([]);
        expect(wheel.size).toBe(waiting.size);
      }
      clock.advance(20_000_000);
      expect([wheel.size, waiting.size, clock.timerCount]).toEqual([0, 0, 0]);
    }
  });

  test("2: a timer of 0 ms does not fire inside set, nor does a callback that sets 0 ms spin", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    let count = 0;
    const again = (): void => {
      count += 1;
      if (count < 100) wheel.set(0, again);
    };
    wheel.set(0, again);
    expect(count).toBe(0);
    clock.advance(1);
    expect(count).toBe(1);
    clock.advance(99);
    expect(count).toBe(100);
  });

  test("2: a callback that cancels another one due at the same time keeps it from running", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const fired: string[] = [];
    const first = wheel.set(10, () => {
      fired.push("first");
      second.cancel();
      first.cancel();
    });
    const second = wheel.set(10, () => fired.push("second"));
    clock.advance(10);
    expect(fired).toEqual(["first"]);
    expect(wheel.size).toBe(0);
  });

  test("3: a callback that throws keeps no other from running, and its error reaches the clock", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const fired: number[] = [];
    wheel.set(10, () => {
      throw new Error("first");
    });
    wheel.set(10, () => fired.push(10));
    wheel.set(11, () => fired.push(11));
    expect(() => clock.advance(10)).toThrow("first");
    clock.advance(1);
    expect(fired).toEqual([10, 11]);
  });

  test("a clock whose timer fires late fires everything that is due, in order", () => {
    let now = 0;
    let armed: (() => void) | undefined;
    const wheel = new TimerWheel({
      now: () => now,
      monotonic: () => now,
      setTimer: (_delay, callback) => {
        armed = callback;
        return { cancel: () => (armed = undefined) };
      },
    });
    const fired: number[] = [];
    for (const delay of [5000, 7, 300, 70_000]) wheel.set(delay, () => fired.push(delay));
    now = 6000.5;
    wheel.set(1, () => fired.push(1));
    armed?.();
    expect(fired).toEqual([7, 300, 5000]);
    now = 6002;
    armed?.();
    expect(fired).toEqual([7, 300, 5000, 1]);
  });

  test("keepAlive reaches the armed timer while any timer asks for it", async () => {
    const asked: boolean[] = [];
    const wheel = new TimerWheel({
      now: () => 0,
      monotonic: () => 0,
      setTimer: () => ({ cancel: () => {}, keepAlive: (isNeeded) => asked.push(isNeeded) }),
    });
    const one = wheel.set(100, () => {});
    const two = wheel.set(100, () => {});
    wheel.set(100, () => {});
    expect(asked).toEqual([]);
    one.keepAlive?.(true);
    two.keepAlive?.(true);
    one.cancel();
    expect(asked).toEqual([true]);
    two.cancel();
    await yieldMacrotask();
    expect(asked).toEqual([true, false]);
  });
});
