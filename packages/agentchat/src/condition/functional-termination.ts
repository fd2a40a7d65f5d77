import { ConfigError, type JsonValue, TeamError } from "@troupe/core";
import { type ConditionDelta, TerminationCondition, type Verdict } from "./termination-condition.ts";

/** Says whether the work is done, from what is new. Pure and synchronous: a resumed run asks again. */
export type TerminationPredicate = (delta: ConditionDelta) => boolean;

/** Options of a `FunctionalTermination`. */
export interface FunctionalOptions {
  /** The name under which a component document refers to the function; default: the function's own. Empty: it cannot be written down. */
  readonly functionName?: string | undefined;
  /** The predicate also wants to see what agents did on the way; default false. */
  readonly includeEvents?: boolean | undefined;
}

/**
 * Over when a function says so.
 *
 * It is asked after the task and after each turn with what is new. What must be remembered, waited for or looked up elsewhere is
 * the work of an agent, not of a condition.
 *
 * @throws ConfigError `config.invalid_option` for something that is not a function. The run fails with TeamError
 * `team.invalid_condition` when the function answers anything but `true` or `false`: a promise counts as neither.
 */
export class FunctionalTermination extends TerminationCondition {
  readonly name: string;
  override readonly wantsEvents: boolean;
  readonly functionName: string;
  readonly predicate: TerminationPredicate;

  constructor(predicate: TerminationPredicate, options: FunctionalOptions = {}) {
    super();
    if (typeof predicate !== "function") {
      throw new ConfigError("config.invalid_option", "The predicate is not a function", {
        remedy: "Give a function that gets what is new and answers true when the work is done.",
        details: { option: "predicate" },
      });
    }
    this.predicate = predicate;
    this.functionName = options.functionName ?? predicate.name;
    this.name = this.functionName === "" ? "FunctionalTermination" : `FunctionalTermination(${this.functionName})`;
    this.wantsEvents = options.includeEvents === true;
  }

  check(state: JsonValue, delta: ConditionDelta): Verdict {
    const answer: unknown = this.predicate(delta);
    if (typeof answer !== "boolean") throw invalidAnswer(this.name, answer);
    return { state, reason: answer ? `${this.name} says that the work is done` : null };
  }
}

function invalidAnswer(name: string, answer: unknown): TeamError {
  // Nobody awaits it: a later rejection must not become an unhandled one.
  if (answer instanceof Promise) answer.catch(() => {});
  const what = answer instanceof Promise ? "a promise" : `${typeof answer} ${String(answer)}`;
  return new TeamError("team.invalid_condition", `${name} answered ${what}`, {
    remedy: "Answer true or false, at once: make the predicate synchronous and compare explicitly.",
    details: { condition: name },
  });
}
