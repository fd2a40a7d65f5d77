import { ConfigError, type JsonValue } from "@troupe/core";
import { type ConditionDelta, TerminationCondition, type Verdict } from "./termination-condition.ts";

/**
 * Over when the run has lasted so long, looked at between turns: the speaker finishes first. `budget.wallTimeMs` is the hard form.
 *
 * @throws ConfigError `config.invalid_option` unless `timeoutMs` is above zero.
 */
export class TimeoutTermination extends TerminationCondition {
  readonly name = "TimeoutTermination";
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    super();
    if (!(timeoutMs > 0)) {
      throw new ConfigError("config.invalid_option", `timeoutMs is ${timeoutMs}`, {
        remedy: "Give a number of milliseconds above zero.",
        details: { option: "timeoutMs" },
      });
    }
    this.#timeoutMs = timeoutMs;
  }

  check(state: JsonValue, { elapsedMs }: ConditionDelta): Verdict {
    const isOver = elapsedMs >= this.#timeoutMs;
    return { state, reason: isOver ? `${elapsedMs} ms of at most ${this.#timeoutMs} ms have passed` : null };
  }
}
