import type { DeepPartial } from "@troupe/llm";
import type { JsonValue } from "@troupe/core";
import type { RunHandle } from "./run-handle.ts";

/** Which answers to watch. */
export interface PartialOutputsOptions {
  /** The agent that answers with the team's output, where several answer with data; default: whoever does. */
  readonly source?: string | undefined;
}

/**
 * Watches the output of a run while a model writes it: what is known of it so far, each picture larger than the last.
 *
 * Pictures are not checked against the schema; the run's result is. An answer that does not fit is asked for again, and its pictures begin
 * anew. Leaving the loop does nothing to the run.
 *
 * @example
 * ```ts
 * for await (const recipe of partialOutputs(cook.run("Pancakes"))) show(recipe.title, recipe.steps);
 * ```
 */
export async function* partialOutputs<Output>(
  run: RunHandle<Output>,
  options: PartialOutputsOptions = {},
): AsyncGenerator<DeepPartial<Output>, void, undefined> {
  for await (const event of run.events()) {
    if (event.kind !== "output-delta") continue;
    const isWanted = options.source === undefined || event.path.at(-1) === options.source;
    if (isWanted) yield asPartial<Output>(event.partial);
  }
}

/** What the schema will say of the whole is assumed of the part: that is what `DeepPartial` stands for. */
function asPartial<Output>(partial: JsonValue): DeepPartial<Output> {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- see above
  return partial as DeepPartial<Output>;
}
