/** Whatever was thrown, as an error: what is one already stays the same object. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
