import type { Clock, SweepOptions } from "@troupe/core";
import type { ProcessProbe } from "./worker/process-identity.ts";

/** What a store drops by itself. */
export interface RetentionOptions extends Omit<SweepOptions, "isDryRun"> {
  /** Pause between two sweeps. Milliseconds, default 10 minutes. */
  readonly everyMs?: number | undefined;
}

/** Options of `sqliteStore`. */
export interface SqliteStoreOptions {
  /** `full` (the default) survives power loss; `normal` is faster and survives only the death of the process. */
  readonly sync?: "full" | "normal" | undefined;
  /** The file grows up to so many bytes; then writes fail as on a full disk, and nothing acknowledged is lost. Default: no bound. */
  readonly maxFileBytes?: number | undefined;
  /** What to drop by itself, now and then after a write. Default: nothing; `sweep` drops when it is called. */
  readonly retention?: RetentionOptions | undefined;
  /** How long a call may wait for a locked file before it fails with `store.unavailable`. Milliseconds, default 10,000. */
  readonly lockedMs?: number | undefined;
  /** How often a watched store looks for what other processes wrote. Milliseconds, default 25. */
  readonly pollMs?: number | undefined;
  /** Time of leases and listings, for tests. Waiting for locks and polling always use the machine's. */
  readonly clock?: Clock | undefined;
  /** Which process this is and which others live, for tests. */
  readonly processes?: ProcessProbe | undefined;
}
