import { estimateMessageTokens, estimateTokens, type ModelMessage, type ToolDeclaration } from "@troupe/llm";

/**
 * Estimates tokens of conversations that grow: each message is measured once.
 *
 * Owns: the size of every frozen message that is still in use somewhere. A message that may change is measured every time.
 */
export class TokenCounter {
  readonly #sizes = new WeakMap<ModelMessage, number>();

  /** Tokens of messages and tools, estimated. */
  count(messages: readonly ModelMessage[], tools: readonly ToolDeclaration[] = []): number {
    let tokens = tools.length === 0 ? 0 : estimateTokens([], tools);
    for (const message of messages) tokens += this.#sizeOf(message);
    return tokens;
  }

  #sizeOf(message: ModelMessage): number {
    const known = this.#sizes.get(message);
    if (known !== undefined) return known;
    const tokens = estimateMessageTokens(message);
    if (Object.isFrozen(message)) this.#sizes.set(message, tokens);
    return tokens;
  }
}
