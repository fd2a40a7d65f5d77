import { ConfigError } from "@troupe/core";

/** When a run in which nothing happens counts as stalled, or `off`. */
export type StallOption =
  | "off"
  | {
      /** Milliseconds of silence while something is at work; a tool's own time limit comes before. Default 300,000. */
      readonly afterMs?: number | undefined;
      /** True ends the run with `stalled` after as long again; default: it is only reported. */
      readonly ends?: boolean | undefined;
    };

/** What holds for a run. */
export interface StallLimit {
  /** Infinity when nobody looks. */
  readonly afterMs: number;
  readonly ends: boolean;
}

/** A limit as JSON, which has no Infinity: 0 stands for it. */
export type StoredStallLimit = readonly [afterMs: number, ends: 0 | 1];

/** Five minutes: longer than models think without a word. */
export const defaultStallLimit: StallLimit = Object.freeze({ afterMs: 300_000, ends: false });

/**
 * The limit that holds: that of the run before that of the runner before the default.
 *
 * @throws ConfigError `config.invalid_option` unless `afterMs` is above zero.
 */
export function resolveStallLimit(...options: readonly (StallOption | undefined)[]): StallLimit {
  const option = options.find((candidate) => candidate !== undefined);
  if (option === "off") return { afterMs: Number.POSITIVE_INFINITY, ends: false };
  const { afterMs = defaultStallLimit.afterMs, ends = false } = option ?? defaultStallLimit;
  if (afterMs > 0) return { afterMs, ends };
  throw new ConfigError("config.invalid_option", `stall.afterMs is ${afterMs}`, {
    remedy: 'Give a number of milliseconds above zero, or stall: "off".',
    details: { option: "stall.afterMs" },
  });
}

/** Undefined for the default. */
export function storeStallLimit({ afterMs, ends }: StallLimit): StoredStallLimit | undefined {
  if (afterMs === defaultStallLimit.afterMs && !ends) return undefined;
  return [Number.isFinite(afterMs) ? afterMs : 0, ends ? 1 : 0];
}

/** The inverse of `storeStallLimit`. */
export function loadStallLimit(stored: unknown): StallLimit {
  if (!isStored(stored)) return defaultStallLimit;
  const [afterMs, ends] = stored;
  return { afterMs: afterMs === 0 ? Number.POSITIVE_INFINITY : afterMs, ends: ends === 1 };
}

function isStored(value: unknown): value is StoredStallLimit {
  return Array.isArray(value) && typeof value[0] === "number";
}
