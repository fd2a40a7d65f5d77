/** The longest cycle that is looked for. */
export const maxPeriod = 8;

/** How many of the newest items it takes to see whether the longest cycle was repeated so often. */
export function cycleWindow(limit: number): number {
  return maxPeriod * limit;
}

/** What counts as a cycle. */
export interface CycleRules<T> {
  /** Default: the same value. */
  readonly isSame?: (left: T, right: T) => boolean;
  /** False for a cycle that does not matter: a longer one is looked for. */
  readonly matters?: (cycle: readonly T[]) => boolean;
}

/**
 * The shortest cycle that the items end with `limit` times in a row: `a b a b a b` ends with `a b` three times. Undefined without one. Only
 * the newest `cycleWindow(limit)` items are looked at.
 *
 * Costs one comparison for each possible length unless something repeats.
 */
export function findCycle<T>(
  items: readonly T[],
  limit: number,
  { isSame = Object.is, matters = isAny }: CycleRules<T> = {},
): readonly T[] | undefined {
  for (let period = 1; period <= maxPeriod && period * limit <= items.length; period += 1) {
    const end = items.length - 1;
    const needed = period * (limit - 1);
    let same = 0;
    while (same < needed && isEqual(items[end - same], items[end - same - period], isSame)) same += 1;
    if (same < needed) continue;
    const cycle = items.slice(-period);
    if (matters(cycle)) return cycle;
  }
  return undefined;
}

function isAny(): boolean {
  return true;
}

function isEqual<T>(left: T | undefined, right: T | undefined, isSame: (left: T, right: T) => boolean): boolean {
  return left !== undefined && right !== undefined && isSame(left, right);
}
