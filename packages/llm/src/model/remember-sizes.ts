import { estimateMessageTokens } from "./estimate-tokens.ts";
import { isFixedMessage } from "./history/fixed-message.ts";
import type { ModelMessage } from "./model-message.ts";

/** `estimateMessageTokens`, which measures a message that cannot change once. */
export const rememberedTokens: (message: ModelMessage) => number = rememberSizes(estimateMessageTokens);

/** The same function, which measures a message that cannot change once. What it remembers goes with the message. */
export function rememberSizes(count: (message: ModelMessage) => number): (message: ModelMessage) => number {
  const sizes = new WeakMap<ModelMessage, number>();
  return (message) => {
    const known = sizes.get(message);
    if (known !== undefined) return known;
    const size = count(message);
    if (isFixedMessage(message)) sizes.set(message, size);
    return size;
  };
}
