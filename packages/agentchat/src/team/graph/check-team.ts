import type { BudgetOption } from "../../budget/budget.ts";
import { resolveBudget } from "../../budget/budget.ts";
import type { TerminationCondition } from "../../condition/termination-condition.ts";
import type { FailurePolicy, Participant } from "../../turn/role.ts";
import type { GraphPlan } from "./plan/graph-plan.ts";
import { invalidGraph, quote } from "./plan/invalid-graph.ts";
import { hasCycle } from "./plan/validate-graph.ts";

/** What a graph must fit. */
interface TeamOfGraph {
  readonly participants: readonly Participant[];
  readonly termination?: TerminationCondition | undefined;
  readonly maxTurns?: number | undefined;
  readonly onError?: FailurePolicy | undefined;
  readonly budget?: BudgetOption | undefined;
}

/**
 * Looks whether a graph fits the team that is to work along it.
 *
 * @throws ConfigError `config.invalid_graph`.
 */
export function checkTeam(plan: GraphPlan, team: TeamOfGraph): void {
  checkMembers(plan, team.participants);
  checkErrorEdges(plan, team.onError ?? "fail");
  checkBound(plan, team);
}

function checkMembers({ nodes }: GraphPlan, participants: readonly Participant[]): void {
  const names = participants.map((participant) => participant.name);
  const empty = [...nodes.keys()].filter((name) => !names.includes(name));
  if (empty.length > 0) {
    throw invalidGraph(
      "node-without-participant",
      `No participant is called ${quote(empty)}, as nodes of the graph are`,
      {
        remedy: `Add them to the participants (${quote(names)}), or take the nodes out.`,
        nodes: empty,
      },
    );
  }
  const idle = names.filter((name) => !nodes.has(name));
  if (idle.length === 0) return;
  throw invalidGraph("participant-without-node", `The graph has no node for ${quote(idle)}`, {
    remedy: `Add nodes to the graph (${quote([...nodes.keys()])}), or take the participants out.`,
    nodes: idle,
  });
}

function checkErrorEdges({ nodes }: GraphPlan, onError: FailurePolicy): void {
  if (onError === "skip" || onError === "feed-back") return;
  const node = [...nodes.values()].find(({ errorEdges }) => errorEdges.length > 0);
  if (node === undefined) return;
  throw invalidGraph(
    "error-edge-unused",
    `"${node.name}" has an edge for errors, but onError "${onError}" ends the run`,
    {
      remedy: 'Give the team onError: "skip" or "feed-back".',
      nodes: [node.name],
    },
  );
}

/** The default budget bounds every run (I10); who goes without one says otherwise when the work is done. */
function checkBound(plan: GraphPlan, { termination, maxTurns, budget }: TeamOfGraph): void {
  if (termination !== undefined || maxTurns !== undefined || !hasCycle(plan)) return;
  const { turns, modelCalls, wallTimeMs, tokens, usd } = resolveBudget(budget);
  if ([turns, modelCalls, wallTimeMs, tokens, usd].some(Number.isFinite)) return;
  throw invalidGraph("unbounded-cycle", "The graph has a cycle, and nothing bounds a run of it", {
    remedy: "Give the team a termination condition, `maxTurns` or a budget with a limit.",
    nodes: [],
  });
}
