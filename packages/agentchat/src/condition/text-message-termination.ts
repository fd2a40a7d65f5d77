import type { JsonValue } from "@troupe/core";
import { checkName } from "./check-name.ts";
import { type ConditionDelta, TerminationCondition, type Verdict } from "./termination-condition.ts";

/**
 * Over when an agent answers with a plain text: not with a summary of tool calls, a handoff or data.
 *
 * @param source only this agent's texts count; default everybody's but the task's. Naming `user` makes the task count.
 * @throws ConfigError `config.invalid_option` for an empty name.
 */
export class TextMessageTermination extends TerminationCondition {
  readonly name = "TextMessageTermination";
  readonly source: string | undefined;

  constructor(source?: string) {
    super();
    this.source = source === undefined ? undefined : checkName("source", source);
  }

  check(state: JsonValue, { messages, isTask }: ConditionDelta): Verdict {
    const isCounted = (source: string): boolean => (this.source === undefined ? !isTask : source === this.source);
    const said = messages.find(({ kind, source }) => kind === "text" && isCounted(source));
    return { state, reason: said === undefined ? null : `"${said.source}" answered with a text` };
  }
}
