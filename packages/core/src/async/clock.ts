/** A timer that was set. Cancelling twice, or after it fired, does nothing. */
export interface TimerHandle {
  cancel(): void;
  /** Whether the process must stay alive for this timer; systems without that notion leave it out. Timers start without. */
  keepAlive?(isNeeded: boolean): void;
}

/** Time as a port: everything that waits or stamps asks a clock, so that tests can turn it by hand. */
export interface Clock {
  /** Epoch milliseconds: what people and stores understand. May jump. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. For durations. */
  monotonic(): number;
  /** Calls `callback` once after at least `delayMs`. The timer alone does not keep a process alive. */
  setTimer(delayMs: number, callback: () => void): TimerHandle;
}

/** Longest delay of `setTimeout`; beyond it engines fire at once. https://developer.mozilla.org/en-US/docs/Web/API/Window/setTimeout */
export const maxTimerDelayMs = 2_147_483_647;

/** The time of the machine. The only place that asks it. */
export const systemClock: Clock = Object.freeze({
  // oxlint-disable-next-line no-restricted-properties -- this is the clock port
  now: () => Date.now(),
  // oxlint-disable-next-line no-restricted-properties -- this is the clock port
  monotonic: () => performance.now(),
  setTimer: setSystemTimer,
});

function setSystemTimer(delayMs: number, callback: () => void): TimerHandle {
  const handle = setTimeout(callback, Math.min(Math.max(delayMs, 0), maxTimerDelayMs));
  setReference(handle, false);
  return {
    cancel: () => clearTimeout(handle),
    keepAlive: (isNeeded) => setReference(handle, isNeeded),
  };
}

/** Node, Bun and Deno's Node timers are objects with `ref` and `unref`; browsers and Workers return numbers. */
function setReference(handle: unknown, isNeeded: boolean): void {
  if (typeof handle !== "object" || handle === null) return;
  const method: unknown = Reflect.get(handle, isNeeded ? "ref" : "unref");
  if (typeof method === "function") Reflect.apply(method, handle, []);
}
