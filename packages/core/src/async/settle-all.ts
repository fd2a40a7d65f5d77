/**
 * Waits until every promise has settled, then returns the values in order or throws.
 *
 * Nothing is left running behind an error, unlike `Promise.all`.
 *
 * @throws The only error as it is; several as an `AggregateError` in the order of the promises.
 */
export async function settleAll<T>(promises: Iterable<T | PromiseLike<T>>): Promise<Awaited<T>[]> {
  const settled = await Promise.allSettled(promises);
  const values: Awaited<T>[] = [];
  const errors: unknown[] = [];
  for (const result of settled) {
    if (result.status === "fulfilled") values.push(result.value);
    else errors.push(result.reason);
  }
  if (errors.length === 0) return values;
  if (errors.length === 1) throw errors[0];
  throw new AggregateError(errors, `${errors.length} of ${settled.length} failed; the first: ${textOf(errors[0])}`);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
