/**
 * Finds cycles of turns that wait for each other (C11).
 *
 * Owns nothing: the graph is what the turns at work say they wait for. A node is an agent whose exclusive slots are taken, or the
 * turn of one call to a shared handler; an edge leads to what must end before the wait can.
 * Invariants:
 * L1. A cycle is found by the request that would close it, before that request is sent.
 * L2. A request to a shared handler waits for no agent, only for what the turn that handles it waits for.
 * L3. An agent with several slots is blocked only when every slot is.
 */
import { DeliveryError } from "../../errors/index.ts";
import { type AgentId, formatAgentId } from "../../identity/index.ts";
import type { Engine } from "../engine.ts";
import type { Mail } from "../../store/index.ts";

/** What a turn can wait for. */
export interface WaitNode {
  readonly key: string;
  readonly id: AgentId;
  /** For each turn that must end first: what that turn waits for. Empty when nothing is in the way. */
  blockedOn(): Iterable<readonly WaitNode[]>;
}

/** An agent whose exclusive handlers are asked; looked up anew each time, because activations come and go. */
export function agentNode(engine: Engine, id: AgentId): WaitNode {
  const key = formatAgentId(id);
  return { key, id, blockedOn: () => engine.agents.peekKey(key)?.blockedOn() ?? [] };
}

/** One call to a shared handler: it waits for what the turn that handles it waits for. */
export function callNode(engine: Engine, mail: Mail): WaitNode {
  return {
    key: callKey(mail.messageId),
    id: mail.recipient,
    blockedOn: () => {
      const worker = engine.pending.workerOf(mail.messageId);
      return worker === undefined ? [] : [worker.waitsFor];
    },
  };
}

function callKey(messageId: string): string {
  return `call ${messageId}`;
}

/** The node that must end before others can go on, for a turn at work. */
export function nodeKeyOf(turn: { readonly mail: Mail; readonly isShared: boolean }): string {
  return turn.isShared ? callKey(turn.mail.messageId) : formatAgentId(turn.mail.recipient);
}

/** The agents from the asker over `to` back to it, when a request from one to the other would never end. */
export function findCycle(asker: { readonly mail: Mail; readonly isShared: boolean }, to: WaitNode): Path {
  const path = search(nodeKeyOf(asker), to, new Map());
  return path === undefined ? undefined : [asker.mail.recipient, ...path];
}

type Path = readonly AgentId[] | undefined;

function search(goal: string, node: WaitNode, known: Map<string, Path>): Path {
  if (node.key === goal) return [node.id];
  if (known.has(node.key)) return known.get(node.key);
  known.set(node.key, undefined);
  let found: Path;
  for (const waits of node.blockedOn()) {
    const path = firstPath(goal, waits, known);
    if (path === undefined) return undefined;
    found ??= path;
  }
  const whole = found === undefined ? undefined : [node.id, ...found];
  known.set(node.key, whole);
  return whole;
}

function firstPath(goal: string, waits: readonly WaitNode[], known: Map<string, Path>): Path {
  for (const next of waits) {
    const path = search(goal, next, known);
    if (path !== undefined) return path;
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
