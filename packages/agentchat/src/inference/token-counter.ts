import {
  estimateMessageTokens,
  estimateTokens,
  isFixedMessage,
  type ModelMessage,
  type ToolDeclaration,
} from "@troupe/llm";
import { PrefixMemo } from "./prefix-memo.ts";

/**
 * Estimates tokens of conversations that grow: each message is measured once.
 *
 * Owns: the size of every frozen message that is still in use somewhere. A message that may change is measured every time.
 */
export class TokenCounter {
  readonly #sizes = new WeakMap<ModelMessage, number>();

  /** Tokens of messages and tools, estimated. */
  count(messages: readonly ModelMessage[], tools: readonly ToolDeclaration[] = []): number {
    let tokens = toolTokens(tools);
    for (const message of messages) tokens += this.sizeOf(message);
    return tokens;
  }

  /** Tokens of one message, estimated. */
  sizeOf(message: ModelMessage): number {
    const known = this.#sizes.get(message);
    if (known !== undefined) return known;
    const tokens = estimateMessageTokens(message);
    if (Object.isFrozen(message)) this.#sizes.set(message, tokens);
    return tokens;
  }
}

/**
 * Estimates the requests of one turn, each of which goes on where the last one ended: only what is new is measured.
 *
 * Owns: the running sum over the last request.
 */
export class RequestCounter {
  readonly #sums: PrefixMemo<ModelMessage, number>;

  /** @param sizeOf Tokens of one message; default `estimateMessageTokens`. */
  constructor(sizeOf: (message: ModelMessage) => number = estimateMessageTokens) {
    this.#sums = new PrefixMemo({
      derive: (message, before = 0) => before + sizeOf(message),
      isFixed: isFixedMessage,
    });
  }

  /** Tokens of messages and tools, estimated: the same as `estimateTokens`. */
  count(messages: readonly ModelMessage[], tools: readonly ToolDeclaration[] = []): number {
    return toolTokens(tools) + (this.#sums.of(messages).at(-1) ?? 0);
  }
}

function toolTokens(tools: readonly ToolDeclaration[]): number {
  return tools.length === 0 ? 0 : estimateTokens([], tools);
}
