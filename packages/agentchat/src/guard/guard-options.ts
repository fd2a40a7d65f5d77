import type { LoopOption } from "./loop-limit.ts";

/** Guards of an agent or team, besides its budget. */
export interface GuardOptions {
  /** When a run is stopped for going round in circles: default the third time. The option of what is run counts, not those of participants. */
  readonly loops?: LoopOption | undefined;
}

/** The guards among the options of an agent. */
export function pickGuards({ loops }: GuardOptions): GuardOptions {
  return { loops };
}
