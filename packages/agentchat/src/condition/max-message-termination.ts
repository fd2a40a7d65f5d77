import { ConfigError, type JsonValue } from "@troupe/core";
import { type ConditionDelta, TerminationCondition, type Verdict } from "./termination-condition.ts";

/**
 * Over when so many messages have been said in this run, the task included.
 *
 * @throws ConfigError `config.invalid_option` unless `maxMessages` is a positive integer.
 */
export class MaxMessageTermination extends TerminationCondition {
  readonly name = "MaxMessageTermination";
  override readonly initial: JsonValue = 0;
  override readonly wantsEvents: boolean;
  readonly maxMessages: number;

  /** @param options `includeEvents` also counts what agents did on the way: tool calls, thoughts. */
  constructor(maxMessages: number, options: { readonly includeEvents?: boolean | undefined } = {}) {
    super();
    if (!Number.isInteger(maxMessages) || maxMessages < 1) {
      throw new ConfigError("config.invalid_option", `maxMessages is ${maxMessages}`, {
        remedy: "Give a whole number of messages above zero.",
        details: { option: "maxMessages" },
      });
    }
    this.maxMessages = maxMessages;
    this.wantsEvents = options.includeEvents === true;
  }

  check(state: JsonValue, delta: ConditionDelta): Verdict {
    const before = typeof state === "number" ? state : 0;
    const count = before + delta.messages.length + (this.wantsEvents ? delta.events.length : 0);
    const isOver = count >= this.maxMessages;
    return { state: count, reason: isOver ? `${count} messages of at most ${this.maxMessages} were said` : null };
  }
}
