import type { ModelPrice, PriceTable } from "./price.ts";

function price(
  model: string,
  since: string,
  usd: readonly [input: number, cachedInput: number, output: number],
): ModelPrice {
  const [usdPerMillionInput, usdPerMillionCachedInput, usdPerMillionOutput] = usd;
  return { model, since, usdPerMillionInput, usdPerMillionCachedInput, usdPerMillionOutput };
}

/**
 * List prices of common models with one flat rate, as the providers published them; prices that depend on the length of the prompt are
 * left out. Prices change: compare `checked`, and bring a table of your own for money that matters.
 */
export const listPrices: PriceTable = {
  checked: "2025-11-01",
  source: "The public price pages of OpenAI, Anthropic and Google.",
  prices: [
    price("openai:gpt-5", "2025-08-07", [1.25, 0.125, 10]),
    price("openai:gpt-5-mini", "2025-08-07", [0.25, 0.025, 2]),
    price("openai:gpt-5-nano", "2025-08-07", [0.05, 0.005, 0.4]),
    price("openai:gpt-4.1", "2025-04-14", [2, 0.5, 8]),
    price("openai:gpt-4.1-mini", "2025-04-14", [0.4, 0.1, 1.6]),
    price("openai:gpt-4.1-nano", "2025-04-14", [0.1, 0.025, 0.4]),
    price("openai:gpt-4o", "2024-10-01", [2.5, 1.25, 10]),
    price("openai:gpt-4o-mini", "2024-10-01", [0.15, 0.075, 0.6]),
    price("anthropic:claude-sonnet-4-5", "2025-09-29", [3, 0.3, 15]),
    price("anthropic:claude-haiku-4-5", "2025-10-15", [1, 0.1, 5]),
    price("anthropic:claude-opus-4-1", "2025-08-05", [15, 1.5, 75]),
    price("google:gemini-2.5-flash", "2025-06-17", [0.3, 0.03, 2.5]),
    price("google:gemini-2.5-flash-lite", "2025-07-22", [0.1, 0.01, 0.4]),
  ],
};
