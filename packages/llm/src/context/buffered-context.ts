import { keepOptions } from "@troupe/core";
import { checkSize } from "./check-size.ts";
import type { ModelContext } from "./model-context.ts";
import { takeTail } from "./take-units.ts";

/**
 * Shows the model the last `size` messages, fewer when the cut would separate a call from its results; the newest unit is always shown,
 * even when it is longer.
 *
 * @throws ConfigError `config.invalid_option` unless `size` is a positive integer.
 */
export function bufferedContext(options: { readonly size: number }): ModelContext {
  const size = checkSize("size", options.size);
  const context: ModelContext = {
    kind: "model-context",
    name: `buffered(${size})`,
    select: (history) => (history.length <= size ? history : takeTail(history, size)),
  };
  return keepOptions(context, "@troupe/llm/bufferedContext", { size });
}
