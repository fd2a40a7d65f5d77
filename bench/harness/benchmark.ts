/** What a figure is measured beside: a peer in the same process, or a plainer way to do the same. */
export interface Beside {
  readonly name: string;
  readonly value: number;
  /** `at-most`: the figure meets its target when it is no larger than this value. `for-scale`: printed, decides nothing. */
  readonly role: "at-most" | "for-scale";
}

/** One measured number with what it is held against. */
export interface Figure {
  /** What was measured, in words. */
  readonly label: string;
  readonly value: number;
  readonly unit: string;
  /** The target: met at this value or below. With an `at-most` peer, either is enough. */
  readonly limit?: number | undefined;
  readonly beside?: readonly Beside[] | undefined;
}

/** How much work a benchmark does: `quick` only shows that it runs. */
export interface Scale {
  readonly isQuick: boolean;
  /** `full`, or a small part of it in quick runs. */
  count(full: number, quick: number): number;
}

/** One claim, measured. */
export interface Benchmark {
  readonly claim: string;
  readonly run: (scale: Scale) => Promise<readonly Figure[]>;
}

/** The scale of a run. */
export function createScale(isQuick: boolean): Scale {
  return { isQuick, count: (full, quick) => (isQuick ? quick : full) };
}

/** Whether a figure meets its target; undefined when it has none. */
export function isMet(figure: Figure): boolean | undefined {
  const bounds = (figure.beside ?? []).filter((beside) => beside.role === "at-most").map((beside) => beside.value);
  if (figure.limit !== undefined) bounds.push(figure.limit);
  return bounds.length === 0 ? undefined : bounds.some((bound) => figure.value <= bound);
}
