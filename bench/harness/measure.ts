// Time and memory of this process. Other work on the machine only ever adds, so repeated measurements keep the least.

/** What one repetition cost. */
export interface Cost {
  readonly wallMs: number;
  /** User and system time of the whole process, its helper threads included. */
  readonly cpuMs: number;
}

/** Collects garbage now. Benchmarks run with `--expose-gc`. */
function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error("run benchmarks with node --expose-gc");
  globalThis.gc();
}

/**
 * Runs something once and measures it. Garbage is not collected before: a forced collection throws compiled code away, and everything
 * after it was measured at three times its price.
 */
async function measure(run: () => Promise<void>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await run();
  const wallMs = performance.now() - startedAt;
  const used = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (used.user + used.system) / 1000 };
}

/** The least cost of several repetitions, after one that only warms up. */
export async function leastCost(repetitions: number, run: () => Promise<void>): Promise<Cost> {
  const costs = await leastCosts(repetitions, { run });
  return costs.run;
}

/**
 * The least cost of each contender. They take turns, so that a slow minute of the machine hits all of them.
 *
 * @param repetitions of each, after one that only warms up.
 */
export async function leastCosts<Name extends string>(
  repetitions: number,
  contenders: Readonly<Record<Name, () => Promise<void>>>,
): Promise<Record<Name, Cost>> {
  const entries = Object.entries<() => Promise<void>>(contenders);
  const least = new Map<string, Cost>();
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    for (const [name, run] of entries) {
      const cost = await measure(run);
      if (repetition > 0) least.set(name, lesser(least.get(name), cost));
    }
  }
  return Object.fromEntries(least) as Record<Name, Cost>;
}

function lesser(known: Cost | undefined, cost: Cost): Cost {
  if (known === undefined) return cost;
  return { wallMs: Math.min(known.wallMs, cost.wallMs), cpuMs: Math.min(known.cpuMs, cost.cpuMs) };
}

/** Bytes that are really in use, after everything that can go has gone. */
export async function settledMemory(): Promise<{ readonly heapBytes: number; readonly residentBytes: number }> {
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const usage = process.memoryUsage();
  return { heapBytes: usage.heapUsed + usage.external, residentBytes: usage.rss };
}

/** The median of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error("no values to take the median of");
  return middle;
}
