import type { ContextKey } from "../run/context/define-context.ts";
import type { LoopOption } from "./loop-limit.ts";
import type { PolicyOption } from "./policy/tool-policy.ts";
import type { StallOption } from "./watch/stall-limit.ts";

/** Guards of an agent or team, besides its budget. */
export interface GuardOptions {
  /** When a run is stopped for going round in circles: default the third time. The option of what is run counts, not those of participants. */
  readonly loops?: LoopOption | undefined;
  /** When a run in which nothing happens is reported as stalled: default after 5 minutes. The option of what is run counts. */
  readonly stall?: StallOption | undefined;
  /**
   * Decides about each call of a tool and each program, of the agent or of everybody in the team. Policies of teams around it decide too, and the
   * strictest counts. Default: all are allowed.
   */
  readonly policy?: PolicyOption | undefined;
  /** Keys of the values that every run must be given (`context` in its options): a run without them is refused. Default: none. */
  readonly needs?: readonly ContextKey[] | undefined;
}

/** The guards among the options of an agent. */
export function pickGuards({ loops, stall, policy, needs }: GuardOptions): GuardOptions {
  return { loops, stall, policy, needs };
}
