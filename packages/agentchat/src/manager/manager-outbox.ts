import { type AgentId, agentId, type JsonValue } from "@troupe/core";
import type { UsageLedger } from "@troupe/llm";
import type { Budget } from "../budget/budget.ts";
import { budgetExceeded } from "../budget/run-ledger.ts";
import type { LoopGuard } from "../guard/loop-guard.ts";
import { asJson } from "../message/as-json.ts";
import {
  type CellContext,
  type Interject,
  type RenameRun,
  StartTeam,
  type StopRun,
  type TakeTurnPayload,
  TakeTurn,
  TeamEnded,
  type TurnReply,
} from "../turn/protocol.ts";
import { memberOf, type Role, type TeamRole } from "../turn/role.ts";
import { type CellAddress, formatKey } from "./cell-address.ts";
import type { ActiveRun } from "./manager-state.ts";

/** Where a manager works. */
export interface ManagerPlace extends CellAddress {
  /** The agent type of the registered runner. */
  readonly type: string;
  readonly core: CellContext;
  readonly budget: Budget;
  readonly loops: Pick<LoopGuard, "limit" | "people">;
  /** A run begins with this turn: it has spent nothing. */
  readonly begin: () => void;
  /** Keeps an error of the team's own code as it was thrown. */
  readonly noteFault: (error: unknown) => void;
  /** The run of the root is over: its resources go. */
  readonly close: () => void;
  /** Set for a team that runs within one turn: how speakers are asked there, and who hears of the end. */
  readonly inline?: { ask(to: AgentId, request: TurnRequest): void; answer(reply: TurnReply): void };
}

function idAt(place: ManagerPlace, path: readonly string[]): AgentId {
  return agentId(place.type, formatKey({ sessionId: place.sessionId, path }));
}

/** A turn to be asked for. */
export interface TurnRequest {
  readonly role: Role;
  readonly speaker: string;
  readonly tag: string;
  readonly payload: TakeTurnPayload;
  readonly turnsGranted: number | undefined;
}

/** Asks a participant for its turn: an agent by request, a nested team by an event that it answers with another. */
export function requestTurn(place: ManagerPlace, request: TurnRequest): void {
  const { role, speaker, tag, payload, turnsGranted } = request;
  const path = [...place.path, speaker];
  const id = idAt(place, path);
  if (place.inline !== undefined) {
    place.inline.ask(id, request);
    return;
  }
  if (role.kind === "agent") {
    place.core.request(TakeTurn(payload), id, { tag, path, deadlineMs: Number.POSITIVE_INFINITY });
    return;
  }
  const { depth } = place.budget;
  if (path.length + 1 > depth) throw budgetExceeded("depth", depth);
  place.core.tell(StartTeam({ ...payload, tag, ...(turnsGranted !== undefined && { turnsGranted }) }), id);
}

/** A word for the run reaches the teams within whose turn is under way. */
export function forward(
  place: ManagerPlace,
  role: TeamRole,
  word: { readonly run: ActiveRun; readonly message: RunWord },
): void {
  for (const { speaker } of Object.values(word.run.turnsUnderWay)) {
    if (memberOf(role, speaker)?.kind !== "team") continue;
    place.core.tell(word.message, idAt(place, [...place.path, speaker]));
  }
}

/** What a manager passes on to the teams within. */
export type RunWord = ReturnType<typeof StopRun> | ReturnType<typeof RenameRun> | ReturnType<typeof Interject>;

/** Tells the manager above how a nested team ended. */
export function finishNested(place: ManagerPlace, run: ActiveRun, reply: TurnReply): void {
  if (run.parent === undefined) return;
  if (place.inline !== undefined) {
    place.inline.answer(reply);
    return;
  }
  const { tag } = run.parent;
  place.core.tell(TeamEnded({ tag, reply }), idAt(place, place.path.slice(0, -1)));
}

/** Records the end of a run: its last event. */
export function finishRoot(
  place: ManagerPlace,
  run: ActiveRun,
  { data, usage }: { readonly data: JsonValue | undefined; readonly usage: UsageLedger },
): void {
  place.close();
  if (run.failure !== undefined) {
    place.core.emit("run-failed", asJson({ ...run.failure, usage }), { path: [], end: "failed" });
    return;
  }
  const ending = run.ending ?? { kind: "finished", detail: "Nothing is left to do" };
  const { output = data, cancelledWith: _cancelledWith, ...stopReason } = ending;
  const payload = asJson({ stopReason, usage, ...(output !== undefined && { output }) });
  place.core.emit("run-finished", payload, { path: [], end: stopReason.kind });
}
