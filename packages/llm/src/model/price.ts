import type { Usage } from "./chat-model.ts";

/** What a model costs, in US dollars for a million tokens, from a day on. */
export interface ModelPrice {
  /** `provider:id`, the name of the chat model. */
  readonly model: string;
  /** First day of this price, ISO 8601 (`2025-08-07`). */
  readonly since: string;
  readonly usdPerMillionInput: number;
  /** For input that the provider read from its cache. */
  readonly usdPerMillionCachedInput: number;
  /** Reasoning tokens count as output. */
  readonly usdPerMillionOutput: number;
}

/** Prices as data: a program may bring its own, in whole or in front of the list prices. */
export interface PriceTable {
  /** The day the table was checked, ISO 8601. */
  readonly checked: string;
  /** Where the prices were read. */
  readonly source: string;
  readonly prices: readonly ModelPrice[];
}

/** A dated snapshot of a model (`-2025-08-07`, `-20250929`) or its `-latest` costs what the model costs. */
const snapshotSuffix = /^-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$/;

/**
 * The cost of a usage in US dollars, or null when the table does not know the model: an unknown price is never 0.
 *
 * @param options - `day`: ISO 8601 day of the call; default the newest price.
 */
export function priceOf(
  usage: Usage,
  modelName: string,
  options: { readonly table: PriceTable; readonly day?: string | undefined },
): number | null {
  const price = findPrice(options.table, modelName, options.day);
  if (price === null) return null;
  const freshInput = Math.max(usage.inputTokens - usage.cachedInputTokens, 0);
  const micros =
    freshInput * price.usdPerMillionInput +
    usage.cachedInputTokens * price.usdPerMillionCachedInput +
    usage.outputTokens * price.usdPerMillionOutput;
  return micros / 1_000_000;
}

/** The price of a model on a day (default: the newest), or null when the table has none. */
export function findPrice(table: PriceTable, modelName: string, day?: string): ModelPrice | null {
  let best: ModelPrice | null = null;
  for (const price of table.prices) {
    if (!namesModel(price.model, modelName) || (day !== undefined && price.since > day)) continue;
    const isCloser = best === null || price.model.length > best.model.length;
    if (isCloser || (best !== null && price.model === best.model && price.since > best.since)) best = price;
  }
  return best;
}

function namesModel(priced: string, asked: string): boolean {
  return asked === priced || (asked.startsWith(priced) && snapshotSuffix.test(asked.slice(priced.length)));
}
