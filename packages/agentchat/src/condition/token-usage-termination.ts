import { ConfigError, type JsonValue } from "@troupe/core";
import { type ConditionDelta, TerminationCondition, type Verdict } from "./termination-condition.ts";

/** Limits in tokens; at least one. */
export interface TokenLimits {
  readonly total?: number | undefined;
  readonly input?: number | undefined;
  readonly output?: number | undefined;
}

/**
 * Over when the run has used so many tokens, looked at between turns; every call of a model counts, also those that nobody sees: reflections,
 * repairs, a team's choice of a speaker. A budget is the hard form: it refuses the next call.
 *
 * @throws ConfigError `config.invalid_option` without a limit, or with one that is not above zero.
 */
export class TokenUsageTermination extends TerminationCondition {
  readonly name = "TokenUsageTermination";
  readonly limits: TokenLimits;

  constructor(limits: TokenLimits) {
    super();
    const given = [limits.total, limits.input, limits.output].filter((limit) => limit !== undefined);
    if (given.length === 0 || given.some((limit) => !(limit > 0))) {
      throw new ConfigError("config.invalid_option", "A token limit is missing or not above zero", {
        remedy: "Give total, input or output a number of tokens above zero.",
        details: { option: "limits" },
      });
    }
    this.limits = { ...limits };
  }

  check(state: JsonValue, { usage }: ConditionDelta): Verdict {
    const { total, input, output } = this.limits;
    const used = [
      { name: "tokens", count: usage.inputTokens + usage.outputTokens, limit: total },
      { name: "input tokens", count: usage.inputTokens, limit: input },
      { name: "output tokens", count: usage.outputTokens, limit: output },
    ];
    const over = used.find(({ count, limit }) => limit !== undefined && count >= limit);
    return {
      state,
      reason: over === undefined ? null : `${over.count} ${over.name} of at most ${over.limit} were used`,
    };
  }
}
