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
}

/**
 * The turn of an agent: gives it what is new, records what it said, answers the manager.
 *
 * A turn that is stopped or over budget commits like any other. One whose agent throws does not: its state and history are as before, and
 * the manager hears of the error.
 */
export async function takeAgentTurn(seat: Seat, payload: TakeTurnPayload, core: CellContext): Promise<TurnReply> {
  const { role, path, environment } = seat;
  const run = core.run ?? { runId: "" };
  const resources = environment.resources(run, seat.cell);
  const turn = new AgentTurn(core, { role, path, environment, resources, wantsEvents: payload.wantsEvents });
  turn.report({ kind: "turn-started" });
  const reply = await answer(role, payload, turn);
  const end = reply.end ?? { status: "ok" };
  if (end.status === "error") environment.faults.note(turn.runId, reply.cause);
  if (reply.message === undefined) return { end, messages: [], events: turn.events };
  const message = completeMessage(reply.message, { id: core.newId(), source: role.name });
  core.emit("message", asJson({ message }), { path });
  return { end, messages: [message], events: turn.events };
}

async function answer(role: AgentRole, payload: TakeTurnPayload, turn: AgentTurn): Promise<AgentReply> {
  try {
    return await role.takeTurn(payload.messages, turn);
  } catch (error) {
    const end = endOf(error);
    if (end === undefined) {
      turn.environment.faults.note(turn.runId, error);
      throw error;
    }
    return { message: undefined, end };
  }
}
