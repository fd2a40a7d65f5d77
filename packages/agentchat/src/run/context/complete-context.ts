import type { RunValues } from "@troupe/llm";
import type { ContextKey } from "./define-context.ts";
import type { Waiting } from "./run-value-store.ts";

/** What a run needs, what it has, and how to wait for the rest. */
export interface ContextNeeds {
  readonly needs: readonly ContextKey[];
  readonly values: RunValues;
  readonly waitForValues: (waiting: Waiting) => Promise<void>;
}

/** The name of a value that the run lacks in this process. */
export function findLack({ needs, values }: Pick<ContextNeeds, "needs" | "values">): string | undefined {
  return needs.find((key) => key.find({ run: values }) === undefined)?.name;
}

/** Resolves when the run has all that it needs. Nothing of it is recorded. @throws The signal's reason; StateError `state.step_cancelled`. */
export async function completeContext(context: ContextNeeds, waiting: Omit<Waiting, "name">): Promise<void> {
  for (let name = findLack(context); name !== undefined; name = findLack(context))
    await context.waitForValues({ ...waiting, name });
}
