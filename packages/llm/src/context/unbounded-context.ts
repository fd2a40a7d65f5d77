import { keepOptions } from "@troupe/core";
import type { ModelContext } from "./model-context.ts";

/** Shows the model everything. */
export function unboundedContext(): ModelContext {
  const context: ModelContext = { kind: "model-context", name: "unbounded", select: (history) => history };
  return keepOptions(context, "@troupe/llm/unboundedContext", {});
}
