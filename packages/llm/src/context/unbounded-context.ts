import { keepOptions } from "@troupe/core";
import type { ModelContext } from "./model-context.ts";

/** Shows the model everything, also what does not fit: as the context of an agent it switches pruning off. */
export function unboundedContext(): ModelContext {
  const context: ModelContext = {
    kind: "model-context",
    name: "unbounded",
    isUnlimited: true,
    select: (history) => history,
  };
  return keepOptions(context, "@troupe/llm/unboundedContext", {});
}
