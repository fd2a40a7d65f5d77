import type { ModelMessage } from "../model/model-message.ts";

/**
 * Decides which part of a conversation a model gets to see: a pruning policy over the session's list, not a container of its own.
 *
 * `select` is pure: it returns messages of the history, in order, plus at most marks that say what is missing. A call with its results,
 * and reasoning with its output, are one unit: seen whole or not at all.
 */
export interface ModelContext {
  readonly kind: "model-context";
  /** Shown in events and documents, as in `buffered(20)`. */
  readonly name: string;
  select(history: readonly ModelMessage[]): readonly ModelMessage[];
}
