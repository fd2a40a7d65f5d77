import type { Clock, MaybePromise } from "@troupe/core";
import { isBusy, toStoreError } from "./to-store-error.ts";

/** How long to try, and whom to name in the error. */
export interface RetryOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly lockedMs: number;
}

/** Pause between two tries of a read. Readers are locked out only for moments: while a file is recovered, or its log is cut. */
const pauseMs = 5;

/**
 * Runs a read at once, or again until the file is not locked any more. Never blocks the event loop.
 *
 * @throws StoreError `store.unavailable` when it stays locked; what `read` throws, as an error of the store.
 */
export function retryLocked<T>(read: () => T, options: RetryOptions): MaybePromise<T> {
  try {
    return read();
  } catch (error) {
    if (!isBusy(error)) throw toStoreError(error, options.path);
    return retryLater(read, options);
  }
}

async function retryLater<T>(read: () => T, { path, clock, lockedMs }: RetryOptions): Promise<T> {
  const until = clock.monotonic() + lockedMs;
  for (;;) {
    await new Promise<void>((resolve) => clock.setTimer(pauseMs, resolve).keepAlive?.(true));
    try {
      return read();
    } catch (error) {
      if (!isBusy(error) || clock.monotonic() >= until) throw toStoreError(error, path);
    }
  }
}
