import {
  type AgentId,
  type AgentRuntime,
  agentId,
  type JsonValue,
  type RunContext,
  type StoreError,
  TeamError,
  TroupeError,
} from "@troupe/core";
import { asJson } from "../message/as-json.ts";
import type { InheritedRun } from "../turn/run-resources.ts";
import { RenameRun, StartRun, type StartRunPayload, type StartRunReply } from "../turn/protocol.ts";
import { formatCell, formatKey, parseKey } from "../manager/cell-address.ts";
import type { RunnerBinding } from "./runner-binding.ts";

/** Where a run takes place. */
export interface RunTarget {
  readonly binding: RunnerBinding;
  readonly runtime: AgentRuntime;
  readonly manager: AgentId;
  readonly cell: string;
  readonly runId: string;
}

/** The place of a run in a session. */
export function createTarget(binding: RunnerBinding, sessionId: string, runId: string): RunTarget {
  const { type } = binding.definition;
  const key = formatKey({ sessionId, path: [] });
  return { binding, runtime: binding.runtime, manager: agentId(type, key), cell: formatCell(type, key), runId };
}

/** What a run starts with. */
export interface RunStart {
  readonly payload: StartRunPayload;
  readonly inherited: InheritedRun;
  readonly durability: RunContext["durability"];
  /** Set for a run that waits for its session; aborted when it shall not start any more. */
  readonly queue: AbortController | undefined;
}

/**
 * Starts a run, or finds it there already.
 *
 * @returns false when it left the queue before its turn.
 * @throws TeamError `run.session_busy`, `run.id_taken`.
 */
export async function startRun(target: RunTarget, start: RunStart): Promise<boolean> {
  for (;;) {
    const reply = await sendStart(target, start);
    if (reply.status === "taken") throw idTaken(target.runId);
    if (reply.status !== "busy") return true;
    if (start.queue === undefined || reply.activeRun === null) throw sessionBusy(target, reply.activeRun);
    await runEnds(target, reply.activeRun, start.queue.signal);
    if (start.queue.signal.aborted) return false;
  }
}

async function sendStart(
  { runtime, manager, runId }: RunTarget,
  { payload, inherited, durability }: RunStart,
): Promise<StartRunReply> {
  try {
    const run: RunContext = {
      runId,
      path: [],
      inherited: asJson(inherited),
      ...(durability !== undefined && { durability }),
    };
    return await runtime.send(StartRun(payload), manager, { run, deadlineMs: Number.POSITIVE_INFINITY });
  } catch (error) {
    // A run that was cancelled takes no more requests: it was started before.
    if (TroupeError.isTroupeError(error) && error.code === "state.step_cancelled")
      return { status: "attached", activeRun: runId };
    throw error;
  }
}

async function runEnds({ runtime, cell }: RunTarget, runId: string, signal: AbortSignal): Promise<void> {
  for await (const event of runtime.events(cell, { runId, signal })) {
    if (event.kind === "run-finished" || event.kind === "run-failed") return;
  }
}

/** Where a fork is cut, and whether it goes on at once. */
export interface ForkPoint {
  readonly sequence: number;
  readonly isPaused?: boolean | undefined;
}

/**
 * Copies a run up to one of its events into a session of its own, where it goes on (C27).
 *
 * @throws TeamError `run.history_pruned` when the run has no such event, or left nothing because it had neither session nor id.
 */
export async function forkRun(source: RunTarget, copy: RunTarget, { sequence, isPaused }: ForkPoint): Promise<void> {
  const { runtime, runId, manager } = source;
  const session = parseKey(copy.manager.key).sessionId;
  await runtime.fork(
    source.cell,
    { runId, sequence },
    {
      cell: copy.cell,
      runId: copy.runId,
      isPaused,
      key: (key) =>
        key === manager.key || key.startsWith(`${manager.key}/`)
          ? formatKey({ ...parseKey(key), sessionId: session })
          : key,
    },
  );
  await runtime.tell(RenameRun({ from: runId, to: copy.runId }), copy.manager, {
    run: { runId: copy.runId, path: [] },
  });
}

/** The error of a run that nobody has started. */
export function unknownRun({ binding, runId }: RunTarget): TeamError {
  return new TeamError("run.unknown", `"${binding.definition.type}" has no run "${runId}" on this runtime`, {
    remedy: "Check the run id, the session and the runtime; with the memory store a run ends with its process.",
    details: { runId },
  });
}

/** The run that is active in a session, from its manager's saved state. */
export function activeRunOf(state: JsonValue | undefined): string | null {
  const run = member(member(state, "manager"), "run");
  const runId = member(run, "runId");
  return typeof runId === "string" ? runId : null;
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

/** The error of a session that has a run. */
export function sessionBusy(target: Pick<RunTarget, "cell">, activeRun: string | null): TeamError {
  return new TeamError("run.session_busy", `Session "${target.cell}" has an active run: "${activeRun ?? ""}"`, {
    remedy: 'Await that run, give each conversation a session of its own, or use whenBusy: "queue".',
    details: { activeRun },
  });
}

/** The error of a session that another process holds: nobody else may put something else in its place. */
export function sessionElsewhere(cell: string, cause: StoreError): TeamError {
  return new TeamError("run.session_elsewhere", `Session "${cell}" is held by another process, which lives`, {
    remedy: "Call it in that process, or again when that process has closed its runtime; or use another session id.",
    details: { cell },
    cause,
  });
}

/** The error of a run id that belongs to another task. */
export function idTaken(runId: string): TeamError {
  return new TeamError("run.id_taken", `Run "${runId}" exists with another task`, {
    remedy: "Give the run another id; the same id with the same task attaches to the run.",
    details: { runId },
  });
}

/** The value, or what was thrown: a run starts without throwing. */
export type Attempt<T> =
  | { readonly kind: "made"; readonly value: T }
  | { readonly kind: "threw"; readonly error: unknown };

/** Runs a function and catches what it throws. */
export function attempt<T>(make: () => T): Attempt<T> {
  try {
    return { kind: "made", value: make() };
  } catch (error) {
    return { kind: "threw", error };
  }
}
