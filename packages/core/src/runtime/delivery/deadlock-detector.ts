/**
 * Finds cycles of turns that wait for each other (C11).
 *
 * Owns nothing: the graph is what the turns at work say they wait for. A node is an agent in an exclusive turn, an edge leads to
 * the agent that must finish a turn of its own before the wait can end.
 * Invariants:
 * L1. A cycle is found by the request that would close it, before that request is sent.
 * L2. Requests to shared handlers make no edge: they never wait for a turn.
 */
import { DeliveryError } from "../../errors/index.ts";
import { type AgentId, formatAgentId } from "../../identity/index.ts";

/** An agent as the detector sees it. */
export interface WaitNode {
  readonly id: AgentId;
  /** The agents whose exclusive turns this agent's running turns wait for; empty when it has a free slot. */
  blockedOn(): Iterable<WaitNode>;
}

/** The agents from `from` over `to` back to `from`, when a request from one to the other would never end. */
export function findCycle(from: WaitNode, to: WaitNode): readonly AgentId[] | undefined {
  if (from === to) return [from.id, to.id];
  const path = search(from, to, new Set());
  return path === undefined ? undefined : [from.id, ...path];
}

function search(goal: WaitNode, node: WaitNode, seen: Set<WaitNode>): AgentId[] | undefined {
  if (node === goal) return [node.id];
  if (seen.has(node)) return undefined;
  seen.add(node);
  for (const next of node.blockedOn()) {
    const rest = search(goal, next, seen);
    if (rest !== undefined) return [node.id, ...rest];
  }
  return undefined;
}

/** The error of a request that would wait for its own asker. */
export function deadlockError(type: string, cycle: readonly AgentId[]): DeliveryError {
  const names = cycle.map(formatAgentId);
  return new DeliveryError("delivery.deadlock", `"${type}" would wait for itself: ${names.join(" -> ")}`, {
    remedy: "Mark the handler that is asked back as shared, use context.request, or ask another key.",
    details: { cycle: names, type },
  });
}
