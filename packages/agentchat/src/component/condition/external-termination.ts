import type { JsonValue } from "@troupe/core";
import { TerminationCondition, type Verdict } from "../../condition/termination-condition.ts";

/**
 * Never over by itself: it stands in documents of AutoGen for "when the program says so". Here a program says `run.stop()`, whatever the
 * conditions are.
 */
export class ExternalTermination extends TerminationCondition {
  readonly name = "ExternalTermination";

  check(state: JsonValue): Verdict {
    return { state, reason: null };
  }
}
