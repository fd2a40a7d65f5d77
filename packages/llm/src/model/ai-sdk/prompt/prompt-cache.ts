import { cleanMessage } from "../../history/clean-content.ts";
import { GrowingHistories } from "../../history/growing-histories.ts";
import type { HistoryRules } from "../../history/history-rules.ts";
import { isFixedMessage } from "../../history/fixed-message.ts";
import type { ModelMessage } from "../../model-message.ts";

/**
 * What one model has worked out about the messages of its histories: a conversation is sent again with every call, and grows with each.
 *
 * Owns: nothing that outlives its messages; every entry goes with the object it is about.
 * Invariants:
 * 1. Only frozen objects are remembered: what somebody may still change is worked out anew.
 * 2. What is handed out is the same as without a cache.
 */
export class PromptCache {
  readonly #rules: HistoryRules;
  readonly #histories: GrowingHistories;
  readonly #cleaned = new WeakMap<ModelMessage, { readonly message: ModelMessage | undefined }>();
  readonly #values = new WeakMap<object, unknown>();

  constructor(rules: HistoryRules) {
    this.#rules = rules;
    this.#histories = new GrowingHistories(rules, (message) => this.#clean(message));
  }

  /** The history as the provider accepts it. The list is good until the next question. */
  normalize(history: readonly ModelMessage[]): readonly ModelMessage[] {
    return this.#histories.normalize(history);
  }

  /** Whether a message of the history calls a tool under this id. */
  hasCall(history: readonly ModelMessage[], callId: string): boolean {
    return this.#histories.hasCall(history, callId);
  }

  #clean(message: ModelMessage): ModelMessage | undefined {
    const known = this.#cleaned.get(message);
    if (known !== undefined) return known.message;
    const cleaned = cleanMessage(message, this.#rules);
    if (isFixedMessage(message)) this.#cleaned.set(message, { message: cleaned });
    return cleaned;
  }

  /** What `convert` makes of a part: plain data that nobody changes, never undefined. */
  convert<Part extends object>(part: Part, convert: (part: Part) => unknown): unknown {
    const known = this.#values.get(part);
    if (known !== undefined) return known;
    const value = convert(part);
    if (Object.isFrozen(part)) this.#values.set(part, value);
    return value;
  }
}
