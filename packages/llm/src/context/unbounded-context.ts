import type { ModelContext } from "./model-context.ts";

/** Shows the model everything. */
export function unboundedContext(): ModelContext {
  return { kind: "model-context", name: "unbounded", select: (history) => history };
}
