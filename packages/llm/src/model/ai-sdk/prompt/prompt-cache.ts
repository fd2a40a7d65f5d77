import { cleanMessage } from "../../history/clean-content.ts";
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
  readonly #cleaned = new WeakMap<ModelMessage, { readonly message: ModelMessage | undefined }>();
  readonly #values = new WeakMap<object, unknown>();

  constructor(rules: HistoryRules) {
    this.#rules = rules;
  }

  /** The message as the provider accepts it; undefined when nothing of it is left. */
  clean(message: ModelMessage): ModelMessage | undefined {
    const known = this.#cleaned.get(message);
    if (known !== undefined) return known.message;
    const cleaned = cleanMessage(message, this.#rules);
    if (isFixedMessage(message)) this.#cleaned.set(message, { message: cleaned });
    return cleaned;
  }

  /** What `convert` makes of a part: plain data that nobody changes. */
  convert<Part extends object>(part: Part, convert: (part: Part) => unknown): unknown {
    if (this.#values.has(part)) return this.#values.get(part);
    const value = convert(part);
    if (Object.isFrozen(part)) this.#values.set(part, value);
    return value;
  }
}
