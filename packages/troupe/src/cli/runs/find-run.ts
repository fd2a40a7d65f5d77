import { ConfigError, type RunRow, type RunStatus, type Store } from "@troupe/core";
import { readMoments } from "../timeline/run-moments.ts";

/** How a run stands for whoever looks at a store: `interrupted` means that nobody works on it, because its process has ended. */
export type ListedStatus = RunStatus | "interrupted";

/** Everything that `--status` may name. */
export const listedStatuses: readonly ListedStatus[] = ["running", "interrupted", "waiting", "paused", "ended"];

/** A run as the command lists it. */
export interface ListedRun {
  readonly runId: string;
  readonly cell: string;
  /** Name of the team or agent. */
  readonly team: string;
  readonly sessionId: string;
  readonly status: ListedStatus;
  /** How it ended, when it has. */
  readonly end?: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly events: number;
  /** Open questions. */
  readonly questions: number;
}

/** The run with this id, the newest when several sessions have one. @throws ConfigError `config.invalid_option`. */
export async function findRun(store: Store, runId: string): Promise<ListedRun> {
  const [row] = await store.runs({ runId, limit: 1 });
  if (row !== undefined) return toListedRun(store, row);
  const recent = await store.runs({ limit: 3 });
  const hint =
    recent.length === 0 ? "it is empty" : `the newest are ${recent.map((run) => `"${run.runId}"`).join(", ")}`;
  throw new ConfigError("config.invalid_option", `The store has no run "${runId}"; ${hint}.`, {
    remedy: "`troupe runs` lists the runs; --store names another store.",
    details: { runId },
  });
}

/** A row in the command's own words: the cell of a runner is named `runner/session`. */
export async function toListedRun(store: Store, row: RunRow): Promise<ListedRun> {
  const { runId, cell, end, startedAt } = row;
  const slash = cell.indexOf("/");
  const { status, updatedAt, events } =
    row.status === "ended" ? { ...row, events: row.sequence } : await readProgress(store, row);
  return {
    runId,
    cell,
    team: slash < 0 ? cell : cell.slice(0, slash),
    sessionId: unescapeSession(slash < 0 ? "" : cell.slice(slash + 1)),
    status,
    ...(end !== undefined && { end }),
    startedAt,
    updatedAt,
    events,
    questions: row.questions,
  };
}

/** Stores note how a run stands when that changes; how far it has got since is in its log, and who works on it in its cell. */
async function readProgress(
  store: Store,
  { cell, runId, status, updatedAt, sequence }: RunRow,
): Promise<Pick<ListedRun, "status" | "updatedAt" | "events">> {
  const [place] = await store.cells({ cell });
  const moments = await readMoments(store, { cell, runId });
  const last = moments.findLast((moment) => moment.kind === "event");
  return {
    status: status === "running" && place?.owner === undefined ? "interrupted" : status,
    updatedAt: Math.max(updatedAt, place?.updatedAt ?? 0),
    events: Math.max(sequence, last?.kind === "event" ? last.event.sequence : 0),
  };
}

/** Slashes of a session id are escaped in the name of its cell. */
function unescapeSession(text: string): string {
  return text.replaceAll("%2F", "/").replaceAll("%25", "%");
}
