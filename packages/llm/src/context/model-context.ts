import type { ChatModel, ModelRequest } from "../model/chat-model.ts";
import type { ModelMessage } from "../model/model-message.ts";

/** Something that a context wants written down about a history before a model sees it. */
export interface Condensation {
  /** Who writes it. */
  readonly model: ChatModel;
  readonly request: Omit<ModelRequest, "signal">;
  /** Messages that it will stand for. */
  readonly messages: number;
  /** The entry to append to the kept history when the model has answered with this text. */
  toMark(text: string): ModelMessage;
}

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
  /** The agent must not leave out more than this context does, even when the model's window is full. */
  readonly isUnlimited?: boolean;
  /** Models that it asks besides the agent's: a limit in dollars needs their prices. */
  readonly models?: readonly ChatModel[];
  select(history: readonly ModelMessage[]): readonly ModelMessage[];
  /**
   * What has to be written down before the next call; undefined when nothing. Pure: the agent makes the call, as a step of its turn, keeps the
   * mark, and asks again. Only contexts that summarise have it.
   */
  condense?(history: readonly ModelMessage[], model: ChatModel): Condensation | undefined;
}
