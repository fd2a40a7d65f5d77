import { ConfigError, type Store, type SweepReport } from "@troupe/core";
import { countOf, formatAge, formatBytes } from "../../terminal/human-units.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { withStore } from "../store/open-store.ts";
import { describeStore, type StoreSpec } from "../store/store-spec.ts";

/** `troupe prune` with its flags. At least one of the limits is given. */
export interface PruneCall {
  readonly spec: StoreSpec;
  /** Milliseconds since the last event of what may go. */
  readonly olderThanMs: number | undefined;
  /** Newest ended conversations that stay whatever their age. */
  readonly keepLast: number | undefined;
  readonly isDryRun: boolean;
}

/**
 * Removes ended runs from a store, conversation by conversation; one with a run that has not ended stays whole.
 *
 * @throws ConfigError when no limit says what may go; StoreError.
 */
export async function pruneCommand(call: PruneCall): Promise<ExitCode> {
  const { spec, olderThanMs, keepLast, isDryRun } = call;
  if (olderThanMs === undefined && keepLast === undefined) {
    throw new ConfigError("config.invalid_option", "Nothing says which runs may go.", {
      remedy: "Give --older-than 30d, --keep-last 100, or both.",
    });
  }
  const { runs, bytes } = await withStore(spec, (store) => sweep(store, call));
  for (const { runId, cell, updatedAt } of runs)
    process.stdout.write(`${runId} (${cell}), ${formatAge(Date.now() - updatedAt)}\n`);
  const verb = isDryRun ? "Would remove" : "Removed";
  process.stdout.write(`${verb} ${countOf(runs.length, "run")}, ${formatBytes(bytes)}, from ${describeStore(spec)}.\n`);
  return exitCodes.ok;
}

/** @throws ConfigError `config.invalid_option` for a store that has nothing to sweep. */
async function sweep(store: Store, { olderThanMs, keepLast, isDryRun }: PruneCall): Promise<SweepReport> {
  if (store.sweep !== undefined) return await store.sweep({ olderThanMs, keepLast, isDryRun });
  throw new ConfigError("config.invalid_option", "This store removes nothing by age or number.", {
    remedy: "Use it with stores that outlive the process.",
  });
}
