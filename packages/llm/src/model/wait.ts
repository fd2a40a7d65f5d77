import type { Clock } from "@troupe/core";

/**
 * Resolves after `delayMs` on the clock; the process stays alive for it, as it would for a model's answer.
 *
 * @throws The signal's reason, unwrapped, as soon as it aborts; the timer is taken back.
 */
export function waitFor(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    timer.keepAlive?.(true);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
