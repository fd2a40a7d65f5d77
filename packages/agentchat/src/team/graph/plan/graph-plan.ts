import type { ActivationCondition, DiGraph, DiGraphNode, EdgeCondition } from "../di-graph.ts";
import { invalidGraph, quote } from "./invalid-graph.ts";

/** An edge with everything that its data left open. */
export interface PlannedEdge {
  /** Unique in the graph. */
  readonly key: string;
  readonly source: string;
  readonly target: string;
  readonly condition: EdgeCondition | null;
  readonly isOnError: boolean;
  readonly group: PlannedGroup;
}

/** Edges into one node that count together. */
export interface PlannedGroup {
  /** Unique in the graph: names of nodes have no colon. */
  readonly key: string;
  readonly name: string;
  readonly target: string;
  readonly activation: ActivationCondition;
  readonly edges: readonly PlannedEdge[];
}

/** A node with its edges by kind. */
export interface PlannedNode {
  readonly name: string;
  /** Taken when the node has answered; none: a leaf. */
  readonly edges: readonly PlannedEdge[];
  /** Taken when the node has failed. */
  readonly errorEdges: readonly PlannedEdge[];
  readonly groups: readonly PlannedGroup[];
}

/** A graph as it is worked with: names resolved, defaults filled in. */
export interface GraphPlan {
  /** In the order of the graph. */
  readonly nodes: ReadonlyMap<string, PlannedNode>;
  readonly starts: readonly string[];
}

interface OpenGroup extends PlannedGroup {
  readonly edges: PlannedEdge[];
  /** Who said what the group waits for. */
  readonly saidBy: string;
}

/** All edges that leave a node. */
export function edgesFrom({ edges, errorEdges }: PlannedNode): readonly PlannedEdge[] {
  return errorEdges.length === 0 ? edges : [...edges, ...errorEdges];
}

/** @throws ConfigError `config.invalid_graph` for names that are twice or unknown, and groups whose edges disagree. */
export function planGraph(graph: DiGraph): GraphPlan {
  const known = indexNodes(graph);
  const groups = new Map<string, OpenGroup>();
  const leaving = graph.nodes.map((node) => planEdges(node, known, groups));
  const byTarget = Map.groupBy(groups.values(), (group) => group.target);
  const nodes = new Map<string, PlannedNode>();
  for (const [index, { name }] of graph.nodes.entries()) {
    const all = leaving[index] ?? [];
    nodes.set(name, {
      name,
      edges: all.filter((edge) => !edge.isOnError),
      errorEdges: all.filter((edge) => edge.isOnError),
      groups: byTarget.get(name) ?? [],
    });
  }
  return { nodes, starts: findStarts(graph, nodes) };
}

function indexNodes({ nodes }: DiGraph): ReadonlyMap<string, DiGraphNode> {
  const known = new Map<string, DiGraphNode>();
  for (const node of nodes) {
    if (known.has(node.name)) {
      throw invalidGraph("duplicate-node", `Two nodes are called "${node.name}"`, {
        remedy: "Give each node a name of its own.",
        nodes: [node.name],
      });
    }
    known.set(node.name, node);
  }
  return known;
}

function planEdges(
  node: DiGraphNode,
  known: ReadonlyMap<string, DiGraphNode>,
  groups: Map<string, OpenGroup>,
): readonly PlannedEdge[] {
  return (node.edges ?? []).map((edge, index) => {
    const target = known.get(edge.target);
    if (target === undefined) {
      throw invalidGraph("unknown-target", `An edge of "${node.name}" leads to "${edge.target}", which is no node`, {
        remedy: `Add the node, or lead the edge to one of ${quote([...known.keys()])}.`,
        nodes: [node.name, edge.target],
      });
    }
    const { activationGroup: name = target.name, activationCondition: activation = target.activation ?? "all" } = edge;
    const key = `${target.name}:${name}`;
    const group = groups.get(key) ?? { key, name, target: target.name, activation, edges: [], saidBy: node.name };
    if (group.activation !== activation) throw conflictingGroup(group, node.name, activation);
    groups.set(key, group);
    const { condition = null, on = "answer" } = edge;
    const planned: PlannedEdge = {
      key: `${node.name}>${index}`,
      source: node.name,
      target: target.name,
      condition,
      isOnError: on === "error",
      group,
    };
    group.edges.push(planned);
    return planned;
  });
}

function conflictingGroup(group: OpenGroup, source: string, activation: ActivationCondition): Error {
  const what =
    `Conflicting activation conditions for node "${group.target}", group "${group.name}": ` +
    `"${group.activation}" (edge from "${group.saidBy}") and "${activation}" (edge from "${source}")`;
  return invalidGraph("conflicting-group", what, {
    remedy: "Let the edges of one group agree, or give them different activation groups.",
    nodes: [group.target, group.saidBy, source],
  });
}

function findStarts({ defaultStartNode }: DiGraph, nodes: ReadonlyMap<string, PlannedNode>): readonly string[] {
  if (defaultStartNode === undefined)
    return [...nodes.values()].filter((node) => node.groups.length === 0).map((node) => node.name);
  if (nodes.has(defaultStartNode)) return [defaultStartNode];
  throw invalidGraph("unknown-start", `The start "${defaultStartNode}" is no node`, {
    remedy: `Start at one of ${quote([...nodes.keys()])}.`,
    nodes: [defaultStartNode],
  });
}
