/** A linear scale that covers all values, with ticks at round numbers. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** Ticks that a scale aims at. */
const wantedTicks = 6;

/** Makes the scale for a list of values; an empty list gives 0 to 1. */
export function createScale(values: readonly number[]): Scale {
  if (values.length === 0) return { low: 0, high: 1, ticks: [0, 1] };
  const low = values.reduce((least, value) => Math.min(least, value));
  const high = values.reduce((most, value) => Math.max(most, value));
  const step = niceStep((high - low) / wantedTicks);
  const first = Math.floor(low / step) * step;
  const count = Math.max(1, Math.ceil((high - first) / step));
  const ticks = Array.from({ length: count + 1 }, (_, index) => first + index * step);
  return { low: first, high: first + count * step, ticks };
}

/** The nearest of 1, 2, 5 times a power of ten that is not below `rough`. */
function niceStep(rough: number): number {
  if (!(rough > 0) || !Number.isFinite(rough)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
}
