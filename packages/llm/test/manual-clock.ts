import type { Clock } from "@troupe/core";

/** A clock whose timers fire when told to. */
export interface ManualClock extends Clock {
  readonly pending: number;
  /** Delays of the timers that were set, oldest first. */
  readonly delays: readonly number[];
  advance(ms: number): void;
}

/** Makes a clock that stands still. */
export function manualClock(): ManualClock {
  const timers = new Map<number, { at: number; run: () => void }>();
  const delays: number[] = [];
  let now = 0;
  let next = 0;
  return {
    delays,
    now: () => now,
    monotonic: () => now,
    setTimer(ms, run) {
      const id = next++;
      delays.push(ms);
      timers.set(id, { at: now + ms, run });
      return { cancel: () => void timers.delete(id) };
    },
    get pending() {
      return timers.size;
    },
    advance(ms) {
      now += ms;
      for (const [id, timer] of timers) {
        if (timer.at <= now && timers.delete(id)) timer.run();
      }
    },
  };
}

/** Lets promises that are ready run on. */
export async function flush(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}
