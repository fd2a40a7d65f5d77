import { statSync } from "node:fs";
import type { Store } from "@troupe/core";
import { ConfigError } from "@troupe/core";
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

/** A conversation at rest: the runs of one cell, all of which have ended. */
interface EndedCell {
  readonly cell: string;
  readonly runIds: readonly string[];
  /** Epoch milliseconds of its last change. */
  readonly updatedAt: number;
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
  const before = sizeOf(spec);
  const removed = await withStore(spec, (store) => prune(store, call));
  const runs = countOf(removed.flatMap(({ runIds }) => runIds).length, "run");
  for (const { runIds, updatedAt } of removed)
    process.stdout.write(`${runIds.join(", ")}, ${formatAge(Date.now() - updatedAt)}\n`);
  process.stdout.write(
    `${isDryRun ? "Would remove" : "Removed"} ${runs} from ${describeStore(spec)}${freed(before, spec, isDryRun)}.\n`,
  );
  return exitCodes.ok;
}

async function prune(store: Store, { olderThanMs, keepLast, isDryRun }: PruneCall): Promise<readonly EndedCell[]> {
  const ended = await endedCells(store);
  const youngest = Date.now() - (olderThanMs ?? 0);
  const removed = ended.slice(keepLast ?? 0).filter(({ updatedAt }) => updatedAt <= youngest);
  if (!isDryRun) for (const { cell } of removed) await store.prune(cell);
  return removed;
}

/** Conversations of which every run has ended and in which nobody is at work, the newest first. */
async function endedCells(store: Store): Promise<readonly EndedCell[]> {
  const cells = new Map<string, { readonly runIds: string[]; updatedAt: number; isEnded: boolean }>();
  for (const run of await store.runs({ limit: Number.MAX_SAFE_INTEGER })) {
    const found = cells.get(run.cell) ?? { runIds: [], updatedAt: 0, isEnded: true };
    found.runIds.push(run.runId);
    found.updatedAt = Math.max(found.updatedAt, run.updatedAt);
    found.isEnded &&= run.status === "ended";
    cells.set(run.cell, found);
  }
  const ended: EndedCell[] = [];
  for (const [cell, { runIds, updatedAt, isEnded }] of cells)
    if (isEnded && (await isAtRest(store, cell))) ended.push({ cell, runIds, updatedAt });
  return ended.toSorted((left, right) => right.updatedAt - left.updatedAt);
}

async function isAtRest(store: Store, cell: string): Promise<boolean> {
  const [row] = await store.cells({ cell });
  return row !== undefined && !row.isBusy && !row.hasMail && row.owner === undefined;
}

/** Bytes of a store that is a file of this machine. */
function sizeOf(spec: StoreSpec): number | undefined {
  return spec.kind === "sqlite" ? statSync(spec.path, { throwIfNoEntry: false })?.size : undefined;
}

function freed(before: number | undefined, spec: StoreSpec, isDryRun: boolean): string {
  const after = sizeOf(spec);
  if (before === undefined || after === undefined) return "";
  return isDryRun || before === after
    ? ` (${formatBytes(after)})`
    : ` (${formatBytes(before)}, now ${formatBytes(after)})`;
}
