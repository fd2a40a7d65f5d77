import { isPromiseLike } from "@troupe/core";
import { withCost } from "../budget/turn-cost.ts";
import type { FinishTool } from "../guard/finish-tool.ts";
import type { OwnedPolicy } from "../guard/policy/tool-policy.ts";
import { asJson } from "../message/as-json.ts";
import { completeMessage } from "../message/chat-message.ts";
import { AgentTurn } from "./agent-turn.ts";
import type { CellContext, TakeTurnPayload, TurnReply } from "./protocol.ts";
import type { AgentReply, AgentRole } from "./role.ts";
import type { TurnEnvironment } from "./run-resources.ts";
import { endOf } from "./turn-end.ts";

/** Who takes the turn, and where. */
export interface Seat {
  readonly role: AgentRole;
  readonly path: readonly string[];
  readonly cell: string;
  readonly environment: TurnEnvironment;
  readonly policies: readonly OwnedPolicy[];
  readonly finish: FinishTool | undefined;
}

/**
 * The turn of an agent: gives it what is new, records what it said, answers the manager.
 *
 * A turn that is stopped or over budget commits like any other. One whose agent throws does not: its state and history are as before, and
 * the manager hears of the error.
 */
export async function takeAgentTurn(seat: Seat, payload: TakeTurnPayload, core: CellContext): Promise<TurnReply> {
  const { role, path, environment, policies, finish } = seat;
  const found = environment.resources(core.run ?? { runId: "" }, seat.cell);
  const resources = isPromiseLike(found) ? await found : found;
  const { wantsEvents, question } = payload;
  const turn = new AgentTurn(core, { role, path, environment, resources, wantsEvents, policies, finish, question });
  if (role.readsContextAtOnce === true && environment.needs.length > 0) await turn.completeContext(core.signal);
  if (payload.forgets === true) forgetAll(turn, core);
  turn.report({ kind: "turn-started" });
  const reply = await answer(role, payload, { turn, core });
  const end = reply.end ?? { status: "ok" };
  if (end.status === "error") environment.faults.note(turn.runId, reply.cause);
  if (payload.isOnce === true) core.forget();
  const { events, spent, hasProgressed, turnsTaken } = turn.notes;
  const { advice, restarts, finished } = reply;
  const rest = {
    end,
    events,
    ...(spent.length > 0 && { spent }),
    ...(hasProgressed === true && { hasProgressed }),
    ...(turnsTaken > 0 && { turnsTaken }),
    ...(advice !== undefined && { advice }),
    ...(finished !== undefined && { finished }),
    ...(restarts === true && { restarts }),
  };
  if (reply.message === undefined) return { ...rest, messages: [] };
  const message = completeMessage(reply.message, { id: core.newId(), source: role.name });
  core.emit("message", asJson({ message }), { path });
  return { ...rest, messages: [message] };
}

/** The speaker starts anew: its state is made again, its lists are empty. */
function forgetAll(turn: AgentTurn, core: CellContext): void {
  delete core.state.agent;
  turn.history.replaceAll([]);
  for (const list of Object.values(turn.lists)) list.replaceAll([]);
}

async function answer(
  role: AgentRole,
  payload: TakeTurnPayload,
  { turn, core }: { readonly turn: AgentTurn; readonly core: CellContext },
): Promise<AgentReply> {
  try {
    return await role.takeTurn(payload.messages, turn);
  } catch (error) {
    const end = endOf(error);
    if (end !== undefined) return { message: undefined, end };
    turn.environment.faults.note(turn.runId, error);
    await keepEvents(core);
    throw withCost(error, turn.notes.spent);
  }
}

/** A turn that throws is undone, but what it did was done, and paid for: its record leaves with that of an empty step. */
async function keepEvents(core: CellContext): Promise<void> {
  try {
    await core.step("failed", () => null, { idempotent: true });
  } catch {
    // The attempt is over, or the turn was stopped: whatever could be recorded is, and the agent's own error counts.
  }
}
