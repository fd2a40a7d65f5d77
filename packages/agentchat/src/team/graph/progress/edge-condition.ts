import { TeamError } from "@troupe/core";
import { type ChatMessage, modelText } from "../../../message/chat-message.ts";
import type { EdgeCondition } from "../di-graph.ts";
import type { PlannedEdge, PlannedNode } from "../plan/graph-plan.ts";

/** How a node's turn ended. */
export interface NodeOutcome {
  readonly isOk: boolean;
  /** What it said: one message of an agent, several of a team, none when it failed. */
  readonly messages: readonly ChatMessage[];
}

/**
 * The edges that are taken after a node's turn, in order. A node that failed takes its edges for errors; without any it takes those that are
 * always taken, because the team goes on as if it had answered.
 *
 * @throws TeamError `team.edge_condition_failed` when a test throws or returns something else than true or false.
 */
export function takenEdges(node: PlannedNode, { isOk, messages }: NodeOutcome): readonly PlannedEdge[] {
  if (!isOk && node.errorEdges.length > 0) return node.errorEdges;
  const said = isOk ? messages : [];
  return node.edges.filter((edge) => edge.condition === null || holds(edge, edge.condition, said));
}

function holds(edge: PlannedEdge, condition: EdgeCondition, messages: readonly ChatMessage[]): boolean {
  const last = messages.at(-1);
  if (last === undefined) return false;
  if (typeof condition === "string") return modelText(last).includes(condition);
  const test = typeof condition === "function" ? condition : condition.test;
  let verdict: unknown;
  try {
    verdict = test(last, messages);
  } catch (cause) {
    throw conditionFailed(edge, "threw", cause);
  }
  if (typeof verdict === "boolean") return verdict;
  throw conditionFailed(edge, `returned ${verdict instanceof Promise ? "a promise" : String(verdict)}`, undefined);
}

function conditionFailed({ source, target }: PlannedEdge, what: string, cause: unknown): TeamError {
  return new TeamError("team.edge_condition_failed", `The condition of the edge "${source}" to "${target}" ${what}`, {
    remedy: "Return true or false at once, whatever the message is.",
    details: { source, target },
    ...(cause !== undefined && { cause }),
  });
}
