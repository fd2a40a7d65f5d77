import type { AgentRuntime, RunStatus } from "@troupe/core";
import { parseCell } from "../manager/cell-address.ts";

/** Which runs to list: newest first. */
export interface RunListFilter {
  /** Name of the agent or team. */
  readonly runner?: string | undefined;
  readonly session?: string | undefined;
  readonly runId?: string | undefined;
  readonly status?: readonly RunStatus[] | undefined;
  /** Default 1,000. */
  readonly limit?: number | undefined;
}

/** A stored run, as a list shows it. */
export interface ListedRun {
  readonly runner: string;
  /** The session it belongs to; the run's own id for a run without one. `attach(runId, { session })` finds it. */
  readonly session: string;
  readonly runId: string;
  /** `waiting`: only answers can move it. */
  readonly status: RunStatus;
  /** How it ended: a kind of stop reason, or `failed`. */
  readonly end?: string;
  /** Open questions. */
  readonly questions: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly updatedAt: number;
}

/**
 * The runs that a runtime's store knows, whichever process works on them. A store that ends with the process lists none.
 *
 * @throws StoreError `store.unavailable`.
 */
export async function listRuns(runtime: AgentRuntime, filter: RunListFilter = {}): Promise<readonly ListedRun[]> {
  const { runner, session, runId, status, limit = 1_000 } = filter;
  const isNarrowed = runner !== undefined || session !== undefined;
  // What the store cannot tell apart is told apart here, and counted afterwards.
  const rows = await runtime.runs({ runId, status, limit: isNarrowed ? Number.MAX_SAFE_INTEGER : limit });
  return rows
    .map((row): ListedRun => {
      const { runner: name, sessionId } = parseCell(row.cell);
      return {
        runner: name,
        session: sessionId,
        runId: row.runId,
        status: row.status,
        ...(row.end !== undefined && { end: row.end }),
        questions: row.questions,
        startedAt: row.startedAt,
        updatedAt: row.updatedAt,
      };
    })
    .filter((run) => (runner ?? run.runner) === run.runner && (session ?? run.session) === run.session)
    .slice(0, limit);
}
