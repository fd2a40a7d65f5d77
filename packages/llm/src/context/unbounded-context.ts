import type { ModelContext } from "./model-context.ts";

/** Shows the model everything, also what does not fit: as the context of an agent it switches pruning off. */
export function unboundedContext(): ModelContext {
  return { kind: "model-context", name: "unbounded", isUnlimited: true, select: (history) => history };
}
