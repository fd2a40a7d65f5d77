/**
 * A team that runs within one turn of its manager, for an agent that waits for it inside its own turn.
 *
 * Owns: the answers it waits for. The manager decides as always; only the way in which speakers are asked and the end is told differs.
 * Invariants:
 * IT1. The turn ends when the run has ended, and nobody it asked is at work then.
 * IT2. An interruption ends the run at once: whoever called hears of it, and goes on with what was said.
 */
import type { AgentId } from "@troupe/core";
import { RunTeam, type TakeTurnPayload, TakeTurn, type TurnReply } from "../turn/protocol.ts";
import type { TeamRole } from "../turn/role.ts";
import { failedReply } from "../turn/run-inner.ts";
import { Manager } from "./manager.ts";
import type { ManagerPlace, TurnRequest } from "./manager-outbox.ts";

/** An answer that has come. */
interface Answered {
  readonly tag: string;
  readonly reply: TurnReply;
}

/** Runs a team from its task to its end. */
export async function runInlineTeam(role: TeamRole, outer: ManagerPlace, payload: TakeTurnPayload): Promise<TurnReply> {
  const open = new Map<string, Promise<Answered>>();
  let ended: TurnReply | undefined;
  const inline = {
    ask: (to: AgentId, request: TurnRequest): void => void open.set(request.tag, ask(outer, to, request)),
    answer: (reply: TurnReply): void => void (ended = reply),
  };
  const place: ManagerPlace = { ...outer, inline };
  // Its members are actors of their own, and may know of the call before.
  const fresh = payload.isOnce === true ? { forgets: true as const } : {};
  await new Manager(role, place).startTeam({ ...payload, ...fresh, tag: "", turnsGranted: outer.budget.turns });
  while (ended === undefined) {
    const { tag, reply } = await Promise.race(open.values());
    open.delete(tag);
    if (reply.end.status === "interrupted") ended = await leave(reply, [...open.values()]);
    else await new Manager(role, place).settled(tag, reply);
  }
  if (payload.isOnce === true) outer.core.forget();
  return ended;
}

async function ask(place: ManagerPlace, to: AgentId, request: TurnRequest): Promise<Answered> {
  const { tag, role, payload, speaker } = request;
  const path = [...place.path, speaker];
  const message = role.kind === "agent" ? TakeTurn(payload) : RunTeam(payload);
  try {
    return { tag, reply: await place.core.send(message, to, { path, deadlineMs: Number.POSITIVE_INFINITY }) };
  } catch (thrown) {
    return { tag, reply: failedReply(thrown, path) };
  }
}

/** The others were interrupted too: what they cost counts. */
async function leave(reply: TurnReply, others: readonly Promise<Answered>[]): Promise<TurnReply> {
  const rest = await Promise.all(others);
  const spent = [reply, ...rest.map((answered) => answered.reply)].flatMap((answer) => answer.spent ?? []);
  return { end: reply.end, messages: [], events: [], spent };
}
