import { ConfigError, type JsonValue } from "@troupe/core";
import { checkName } from "./check-name.ts";
import { type ConditionDelta, TerminationCondition, type Verdict } from "./termination-condition.ts";

/**
 * Over when one of these agents has said something. Naming `user` makes the task count.
 *
 * @throws ConfigError `config.invalid_option` without a name, or for an empty one.
 */
export class SourceMatchTermination extends TerminationCondition {
  readonly name = "SourceMatchTermination";
  readonly sources: readonly string[];

  constructor(sources: readonly string[]) {
    super();
    if (sources.length === 0) {
      throw new ConfigError("config.invalid_option", "There are no sources to wait for", {
        remedy: "Name at least one participant.",
        details: { option: "sources" },
      });
    }
    this.sources = sources.map((source) => checkName("sources", source));
  }

  check(state: JsonValue, { messages }: ConditionDelta): Verdict {
    const said = messages.find(({ source }) => this.sources.includes(source));
    return { state, reason: said === undefined ? null : `"${said.source}" has spoken` };
  }
}
