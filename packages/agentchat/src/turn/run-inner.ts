import { agentId } from "@troupe/core";
import { budgetExceeded } from "../budget/run-ledger.ts";
import type { Spent } from "../budget/spent.ts";
import { readCost } from "../budget/turn-cost.ts";
import { formatKey, parseKey } from "../manager/cell-address.ts";
import type { ChatMessage } from "../message/chat-message.ts";
import { type CellContext, RunTeam, TakeTurn, type TurnReply } from "./protocol.ts";
import { callPlace, type Role } from "./role.ts";
import { readBudget } from "./run-resources.ts";
import { endByError } from "./turn-end.ts";

/** What is to be run inside a turn. */
export interface InnerCall {
  readonly name: string;
  readonly role: Role;
  readonly messages: readonly ChatMessage[];
  /** True: it goes on from its last call in this session. Otherwise it starts anew. */
  readonly keepsMemory: boolean;
  /** Numbers the calls of a turn. */
  readonly call: number;
  /** Who calls. */
  readonly path: readonly string[];
}

/**
 * Runs an agent or a team inside the turn of another agent, as an actor with a path of its own: its steps are journaled, its events are the
 * run's, the budget and a cancel reach it. However it ends is an answer, not an exception.
 */
export async function runInner(core: CellContext, inner: InnerCall): Promise<TurnReply> {
  const { role, messages, keepsMemory } = inner;
  const path = [...inner.path, keepsMemory ? inner.name : callPlace(inner.name, inner.call)];
  const { depth } = readBudget(core.run?.inherited);
  if (path.length + (role.kind === "team" ? 1 : 0) > depth) throw budgetExceeded("depth", depth);
  const id = agentId(core.id.type, formatKey({ ...parseKey(core.id.key), path }));
  const payload = { messages, wantsEvents: false, ...(!keepsMemory && { isOnce: true as const }) };
  const message = role.kind === "agent" ? TakeTurn(payload) : RunTeam(payload);
  try {
    return await core.send(message, id, { path, deadlineMs: Number.POSITIVE_INFINITY });
  } catch (thrown) {
    return failedReply(thrown, path);
  }
}

/** A request that failed is an answer too. */
export function failedReply(thrown: unknown, path: readonly string[]): TurnReply {
  const { error, spent } = costOf(thrown);
  return { end: endByError(error, path), messages: [], events: [], isUndone: true, spent };
}

function costOf(thrown: unknown): { readonly error: unknown; readonly spent: readonly Spent[] } {
  return thrown instanceof Error ? readCost(thrown) : { error: thrown, spent: [] };
}
