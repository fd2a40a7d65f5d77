import type { JsonValue } from "@troupe/core";
import { checkName } from "./check-name.ts";
import { type ConditionDelta, TerminationCondition, type Verdict } from "./termination-condition.ts";

/** Options of a `FunctionCallTermination`. */
export interface FunctionCallOptions {
  /** Calls that failed, were denied or stopped count too; default false. */
  readonly includeFailures?: boolean | undefined;
}

/**
 * Over when a tool of this name has been called and has answered: that a model asked for it is not enough.
 *
 * @throws ConfigError `config.invalid_option` for an empty name.
 */
export class FunctionCallTermination extends TerminationCondition {
  readonly name = "FunctionCallTermination";
  override readonly wantsEvents = true;
  readonly functionName: string;
  readonly includeFailures: boolean;

  constructor(functionName: string, options: FunctionCallOptions = {}) {
    super();
    this.functionName = checkName("functionName", functionName);
    this.includeFailures = options.includeFailures === true;
  }

  check(state: JsonValue, { events }: ConditionDelta): Verdict {
    const isWanted = (event: ConditionDelta["events"][number]): boolean =>
      event.kind === "tool-call-finished" &&
      event.result.toolName === this.functionName &&
      (this.includeFailures || event.result.status === "ok");
    const called = events.find(isWanted);
    return { state, reason: called === undefined ? null : `"${called.source}" called ${this.functionName}` };
  }
}
