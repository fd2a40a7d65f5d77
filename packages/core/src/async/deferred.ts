/** A promise that is settled from outside. The first of `resolve` and `reject` counts, later calls do nothing. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes a deferred. Whoever makes it owns its promise and sees to it that somebody handles a rejection. */
export function createDeferred<T>(): Deferred<T> {
  return Promise.withResolvers<T>();
}
