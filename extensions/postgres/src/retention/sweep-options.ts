import type { RunRow } from "@troupe/core";

/** What a sweep may drop. Without any of these it only tidies up: message ids that have expired, and what nothing refers to. */
export interface SweepOptions {
  /** Cells go whose runs have all ended, the last one longer ago than this. Milliseconds. */
  readonly olderThanMs?: number | undefined;
  /** The cells of so many runs stay, those that changed last. Alone, all other cells go whose runs have ended. */
  readonly keepLast?: number | undefined;
  /** While logs, snapshots and large strings take more than this, cells go whose runs have ended, the oldest first. Bytes as stored. */
  readonly maxBytes?: number | undefined;
  /** For how long message ids are remembered, and marks of other cells kept longer still (C10). Milliseconds, default 24 hours. */
  readonly rememberMs?: number | undefined;
  /** True says what would go, and drops nothing. */
  readonly isDryRun?: boolean | undefined;
}

/** What a sweep has dropped, or would drop. */
export interface SweepReport {
  readonly cells: readonly string[];
  readonly runs: readonly RunRow[];
  /** Bytes that the logs and snapshots of these cells took. The server uses the room again after its own autovacuum. */
  readonly bytes: number;
}

/** What a store drops by itself. */
export interface RetentionOptions extends Omit<SweepOptions, "isDryRun"> {
  /** Pause between two sweeps. Milliseconds, default 10 minutes. */
  readonly everyMs?: number | undefined;
}
