import { ConfigError, type JsonValue } from "@troupe/core";
import { type ConditionDelta, TerminationCondition, type Verdict } from "./termination-condition.ts";

/**
 * Over when the run has lasted so long, from its own start. Looked at between turns; a turn in which something still runs a quarter of a second
 * later is stuck: it is aborted, and its open calls are closed.
 *
 * In an inner team, and when it must come together with another condition, it is looked at between turns only. Time counts while the run waits
 * or is paused too; `budget.wallTimeMs` counts only work.
 *
 * @throws ConfigError `config.invalid_option` unless `timeoutMs` is above zero.
 */
export class TimeoutTermination extends TerminationCondition {
  readonly name = "TimeoutTermination";
  override readonly deadlineMs: number;
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super();
    if (!(timeoutMs > 0)) {
      throw new ConfigError("config.invalid_option", `timeoutMs is ${timeoutMs}`, {
        remedy: "Give a number of milliseconds above zero.",
        details: { option: "timeoutMs" },
      });
    }
    this.timeoutMs = timeoutMs;
    this.deadlineMs = timeoutMs;
  }

  check(state: JsonValue, { elapsedMs }: ConditionDelta): Verdict {
    const isOver = elapsedMs >= this.timeoutMs;
    return { state, reason: isOver ? `${elapsedMs} ms of at most ${this.timeoutMs} ms have passed` : null };
  }
}
