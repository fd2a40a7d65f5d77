import type { Clock } from "./clock.ts";

/** A limit on how long to wait. */
export interface Deadline {
  readonly clock: Pick<Clock, "setTimer">;
  readonly ms: number;
  /** Makes the error; called only when the time is up. */
  readonly error: () => unknown;
}

/**
 * The promise, or `deadline.error()` when it takes too long. The promise goes on: its owner must stop it by other means.
 * The wait keeps the process alive, because somebody awaits it.
 *
 * @throws What `deadline.error()` returns.
 */
export function withDeadline<T>(promise: PromiseLike<T>, deadline: Deadline): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = deadline.clock.setTimer(deadline.ms, () => reject(deadline.error()));
    timer.keepAlive?.(true);
    promise.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (reason: unknown) => {
        timer.cancel();
        reject(reason);
      },
    );
  });
}
