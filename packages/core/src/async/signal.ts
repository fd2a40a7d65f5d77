/**
 * Aborts a controller when a signal aborts, with the same reason; at once when it already has.
 *
 * Unlike `AbortSignal.any` the link ends when the caller says so: a long-lived parent keeps nothing of a finished child.
 *
 * @returns a function that ends the link. Call it when the child is done.
 */
export function linkSignal(parent: AbortSignal | undefined, controller: AbortController): () => void {
  if (parent === undefined) return doNothing;
  if (parent.aborted) {
    controller.abort(parent.reason);
    return doNothing;
  }
  const onAbort = (): void => controller.abort(parent.reason);
  parent.addEventListener("abort", onAbort, { once: true });
  return () => parent.removeEventListener("abort", onAbort);
}

function doNothing(): void {}

/**
 * The promise, or the signal's reason when that comes first. The promise goes on: its owner must stop it by other means.
 *
 * @throws The signal's reason, unwrapped.
 */
export function raceSignal<T>(promise: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return Promise.resolve(promise);
  if (signal.aborted) {
    promise.then(undefined, doNothing);
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = (report: () => void): void => {
      signal.removeEventListener("abort", onAbort);
      report();
    };
    promise.then(
      (value) => settle(() => resolve(value)),
      (reason: unknown) => settle(() => reject(reason)),
    );
  });
}
