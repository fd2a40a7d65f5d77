import type { Clock, TimerHandle } from "../async/index.ts";

interface ManualTimer extends TimerHandle {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Options of a `ManualClock`. */
export interface ManualClockOptions {
  /** Epoch milliseconds at the start; default 2026-01-01T00:00:00Z. */
  readonly startMs?: number | undefined;
}

/**
 * A clock that stands still until a test turns it.
 *
 * 1. Timers fire inside `advance`, in order of time, then of setting; each at its own time: `now()` inside a callback is its due time.
 * 2. A callback may set and cancel timers; what becomes due within the same advance fires in it.
 */
export class ManualClock implements Clock {
  readonly #startMs: number;
  readonly #timers: Set<ManualTimer> = new Set();
  #elapsedMs = 0;
  #order = 0;

  constructor(options: ManualClockOptions = {}) {
    this.#startMs = options.startMs ?? Date.UTC(2026, 0, 1);
  }

  /** Timers that are set: 0 when nothing waits for time. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer; undefined without one. */
  get nextTimerMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.due - this.#elapsedMs;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, callback: () => void): TimerHandle {
    const timers = this.#timers;
    const timer: ManualTimer = {
      due: this.#elapsedMs + Math.max(0, delayMs),
      order: this.#order++,
      callback,
      cancel: () => timers.delete(timer),
    };
    timers.add(timer);
    return timer;
  }

  /** Turns the clock forward and fires what becomes due. Promises that the callbacks settle run after it returns. */
  advance(durationMs: number): void {
    const end = this.#elapsedMs + durationMs;
    for (let timer = this.#next(); timer !== undefined && timer.due <= end; timer = this.#next()) {
      this.#timers.delete(timer);
      this.#elapsedMs = Math.max(this.#elapsedMs, timer.due);
      timer.callback();
    }
    this.#elapsedMs = end;
  }

  #next(): ManualTimer | undefined {
    let next: ManualTimer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.due < next.due || (timer.due === next.due && timer.order < next.order))
        next = timer;
    }
    return next;
  }
}
