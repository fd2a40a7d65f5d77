import type { JsonValue } from "@troupe/core";
import { type ConditionDelta, TerminationCondition, type Verdict } from "./termination-condition.ts";

/** Over when somebody says a message of kind `stop`. */
export class StopMessageTermination extends TerminationCondition {
  readonly name = "StopMessageTermination";

  check(state: JsonValue, { messages }: ConditionDelta): Verdict {
    const stop = messages.find(({ kind }) => kind === "stop");
    return { state, reason: stop === undefined ? null : `"${stop.source}" said stop: ${stop.text}` };
  }
}
