import type { DiGraph } from "../di-graph.ts";
import { cyclePath, findCycles, reachableFrom } from "./graph-cycles.ts";
import { findStuckJoin, type StuckJoin, successorsOf } from "./graph-joins.ts";
import { edgesFrom, type GraphPlan, planGraph, type PlannedEdge, type PlannedNode } from "./graph-plan.ts";
import { invalidGraph, quote } from "./invalid-graph.ts";

/**
 * Looks whether a graph can work, whatever its nodes say, and makes it ready for use.
 *
 * @throws ConfigError `config.invalid_graph`, with the nodes it is about and the reason in `details`.
 */
export function validateGraph(graph: DiGraph): GraphPlan {
  if (graph.nodes.length === 0) {
    throw invalidGraph("no-nodes", "The graph has no nodes", { remedy: "Add at least one.", nodes: [] });
  }
  const plan = planGraph(graph);
  for (const node of plan.nodes.values()) checkEdges(node);
  if (plan.starts.length === 0) {
    throw invalidGraph("no-start", "The graph has no start: an edge leads to each of its nodes", {
      remedy: "Say where to begin: `defaultStartNode`, or `setEntryPoint` of the builder.",
      nodes: [...plan.nodes.keys()],
    });
  }
  checkReach(plan);
  checkCycles(plan);
  checkJoins(plan);
  return plan;
}

/** True when some node may run again in a run. */
export function hasCycle(plan: GraphPlan): boolean {
  return findCycles(successorsOf(plan, () => true)).length > 0;
}

function checkEdges(node: PlannedNode): void {
  const isConditional = (edge: PlannedEdge): boolean => edge.condition !== null;
  if (node.edges.some(isConditional) && !node.edges.every(isConditional)) {
    throw invalidGraph("mixed-conditions", `Some edges of "${node.name}" have a condition and some have none`, {
      remedy: "Give each edge of the node a condition, or none of them.",
      nodes: [node.name],
    });
  }
  for (const edge of edgesFrom(node)) {
    const fault = edgeFault(edge);
    if (fault === undefined) continue;
    throw invalidGraph("invalid-edge", `The edge from "${edge.source}" to "${edge.target}" ${fault.what}`, {
      remedy: fault.remedy,
      nodes: [edge.source, edge.target],
    });
  }
}

function edgeFault({ condition, isOnError }: PlannedEdge): { what: string; remedy: string } | undefined {
  if (isOnError && condition !== null) {
    return { what: "is for errors and has a condition", remedy: "Leave out one of the two: an error has no answer." };
  }
  if (condition === "") {
    return { what: "waits for an empty text, which every answer contains", remedy: "Leave out the condition." };
  }
  return undefined;
}

function checkReach(plan: GraphPlan): void {
  const reached = reachableFrom(
    plan.starts,
    successorsOf(plan, () => true),
  );
  const lost = [...plan.nodes.keys()].filter((name) => !reached.has(name));
  if (lost.length === 0) return;
  const which = lost.length === 1 ? `Node ${quote(lost)}` : `Nodes ${quote(lost)}`;
  throw invalidGraph("unreachable-node", `${which} cannot be reached from ${quote(plan.starts)}`, {
    remedy: "Lead an edge there from a node that runs, or take it out.",
    nodes: lost,
  });
}

function checkCycles(plan: GraphPlan): void {
  const always = successorsOf(plan, (edge) => edge.condition === null && !edge.isOnError);
  const [endless] = findCycles(always);
  if (endless !== undefined) {
    const path = cyclePath(endless, always);
    throw invalidGraph("cycle-without-condition", `Nothing can end the cycle ${path.join(" -> ")}`, {
      remedy: "Give an edge of the cycle a condition, and its node another edge that leads out.",
      nodes: path,
    });
  }
  const successors = successorsOf(plan, () => true);
  const hasLeaf = [...plan.nodes.values()].some((node) => node.edges.length === 0);
  for (const component of findCycles(successors)) {
    const leaving = [...component].flatMap((name) => plan.nodes.get(name)?.edges ?? []);
    if (leaving.some((edge) => !component.has(edge.target))) continue;
    const path = cyclePath(component, successors);
    const detail = `no edge leads out of the cycle ${path.join(" -> ")}`;
    throw invalidGraph(
      hasLeaf ? "cycle-without-exit" : "no-leaf",
      hasLeaf ? `There is no way on: ${detail}` : `The graph has no leaf, a node without edges: ${detail}`,
      { remedy: "Lead an edge with a condition from one of its nodes to a node outside.", nodes: path },
    );
  }
}

function checkJoins(plan: GraphPlan): void {
  const stuck = findStuckJoin(plan);
  if (stuck === undefined) return;
  throw invalidGraph("unsatisfiable-join", `"${stuck.target}" can never start: it waits ${describe(stuck)}`, {
    remedy:
      stuck.divider === undefined
        ? "Give edges that lead back an activation group of their own, or let the group start at `any` of its branches."
        : "Let the join start at `any` of its branches, or use tests as conditions if several may hold at once.",
    nodes: [stuck.target, ...(stuck.divider === undefined ? [] : [stuck.divider]), ...stuck.waitsFor],
  });
}

function describe({ target, waitsFor, divider }: StuckJoin): string {
  if (divider !== undefined) return `for all of ${quote(waitsFor)}, but "${divider}" goes only one of the ways to them`;
  return `for all of ${quote(waitsFor)}, and one of them runs only after "${target}"`;
}
