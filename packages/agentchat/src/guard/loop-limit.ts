import { ConfigError } from "@troupe/core";

/** How often the same may happen in a row before a run is stopped as a loop, or `off`. */
export type LoopOption = "off" | { readonly limit?: number | undefined };

/** The third time is one too many. */
export const defaultLoopLimit = 3;

/**
 * The limit that holds: that of the run before that of the runner before the default. Infinity for `off`.
 *
 * @throws ConfigError `config.invalid_option` unless the limit is a whole number of at least 2.
 */
export function resolveLoopLimit(...options: readonly (LoopOption | undefined)[]): number {
  const option = options.find((candidate) => candidate !== undefined);
  if (option === "off") return Number.POSITIVE_INFINITY;
  const limit = option?.limit ?? defaultLoopLimit;
  if (Number.isInteger(limit) && limit >= 2) return limit;
  throw new ConfigError("config.invalid_option", `loops.limit is ${limit}`, {
    remedy: 'Give a whole number of at least 2, or loops: "off".',
    details: { option: "loops.limit" },
  });
}

/** A limit as JSON, which has no Infinity; undefined for the default. */
export function storeLoopLimit(limit: number): number | undefined {
  if (limit === defaultLoopLimit) return undefined;
  return Number.isFinite(limit) ? limit : 0;
}

/** The inverse of `storeLoopLimit`. */
export function loadLoopLimit(stored: unknown): number {
  if (typeof stored !== "number") return defaultLoopLimit;
  return stored === 0 ? Number.POSITIVE_INFINITY : stored;
}
