import { keepOptions } from "@troupe/core";
import type { ModelMessage } from "../model/model-message.ts";
import { checkSize } from "./check-size.ts";
import type { ModelContext } from "./model-context.ts";
import { takeHead, takeTail } from "./take-units.ts";

/**
 * Shows the model the first `head` and the last `tail` messages and, between them, `Skipped N messages.`, where N counts what is really
 * missing. Units are whole or absent at both ends; the newest one is always shown.
 *
 * @throws ConfigError `config.invalid_option` unless both sizes are positive integers.
 */
export function headAndTailContext(options: { readonly head: number; readonly tail: number }): ModelContext {
  const head = checkSize("head", options.head);
  const tail = checkSize("tail", options.tail);
  const context: ModelContext = {
    kind: "model-context",
    name: `head-and-tail(${head}, ${tail})`,
    select: (history) => (history.length <= head + tail ? history : selectEnds(history, head, tail)),
  };
  return keepOptions(context, "@troupe/llm/headAndTailContext", { head, tail });
}

function selectEnds(history: readonly ModelMessage[], head: number, tail: number): readonly ModelMessage[] {
  const end = takeTail(history, tail);
  const start = takeHead(history.slice(0, history.length - end.length), head);
  const skipped = history.length - start.length - end.length;
  return skipped === 0 ? history : [...start, skipMark(skipped), ...end];
}

function skipMark(count: number): ModelMessage {
  return { role: "user", name: "System", content: [{ kind: "text", text: `Skipped ${count} messages.` }] };
}
