import type { JsonValue } from "@troupe/core";
import { checkName } from "./check-name.ts";
import { type ConditionDelta, TerminationCondition, type Verdict } from "./termination-condition.ts";

/**
 * Over when an agent hands over to `target`: usually to somebody outside the team, who goes on in the next run.
 *
 * A handoff in the task does not count: it says who begins.
 *
 * @throws ConfigError `config.invalid_option` for an empty name.
 */
export class HandoffTermination extends TerminationCondition {
  readonly name = "HandoffTermination";
  readonly target: string;

  constructor(target: string) {
    super();
    this.target = checkName("target", target);
  }

  check(state: JsonValue, { messages, isTask }: ConditionDelta): Verdict {
    const isWanted = (message: ConditionDelta["messages"][number]): boolean =>
      message.kind === "handoff" && message.target === this.target;
    const handoff = isTask ? undefined : messages.find(isWanted);
    return { state, reason: handoff === undefined ? null : `"${handoff.source}" handed over to "${this.target}"` };
  }
}
