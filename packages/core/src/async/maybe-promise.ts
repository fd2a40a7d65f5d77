/** A value that is there, or comes later. Callers await promises only, so that the synchronous path stays synchronous. */
export type MaybePromise<T> = T | PromiseLike<T>;

/** True for anything with a `then` method. */
export function isPromiseLike<T = unknown>(value: MaybePromise<T>): value is PromiseLike<T>;
export function isPromiseLike(value: unknown): value is PromiseLike<unknown>;
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return "then" in value && typeof value.then === "function";
}
