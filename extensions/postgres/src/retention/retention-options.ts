import type { SweepOptions } from "@troupe/core";

/** What a store drops by itself. */
export interface RetentionOptions extends Omit<SweepOptions, "isDryRun"> {
  /** Pause between two sweeps. Milliseconds, default 10 minutes. */
  readonly everyMs?: number | undefined;
}
