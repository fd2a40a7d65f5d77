import { ConfigError, type RunRow, type RunStatus, type Store } from "@troupe/core";

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
  const { runId, cell, status, end, startedAt, updatedAt, sequence, questions } = row;
  const slash = cell.indexOf("/");
  return {
    runId,
    cell,
    team: slash < 0 ? cell : cell.slice(0, slash),
    sessionId: unescapeSession(slash < 0 ? "" : cell.slice(slash + 1)),
    status: status === "running" && !(await hasOwner(store, cell)) ? "interrupted" : status,
    ...(end !== undefined && { end }),
    startedAt,
    updatedAt,
    events: sequence,
    questions,
  };
}

async function hasOwner(store: Store, cell: string): Promise<boolean> {
  const [row] = await store.cells({ cell });
  return row?.owner !== undefined;
}

/** Slashes of a session id are escaped in the name of its cell. */
function unescapeSession(text: string): string {
  return text.replaceAll("%2F", "/").replaceAll("%25", "%");
}
