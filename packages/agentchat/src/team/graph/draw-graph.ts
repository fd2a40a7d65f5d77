import type { DiGraph, EdgeCondition } from "./di-graph.ts";
import { edgesFrom, type GraphPlan, planGraph, type PlannedEdge, type PlannedNode } from "./plan/graph-plan.ts";

/**
 * A graph as text for a terminal or a log: each node with the edges that leave it.
 *
 * @throws ConfigError `config.invalid_graph` for names that are unknown or twice; other faults are drawn as they are.
 */
export function graphToText(graph: DiGraph): string {
  const plan = planGraph(graph);
  return [...plan.nodes.values()]
    .flatMap((node) => [
      node.name + describeNode(plan, node),
      ...edgesFrom(node).map((edge) => `  ${edge.isOnError ? "~>" : "->"} ${edge.target}${describeEdge(plan, edge)}`),
    ])
    .join("\n");
}

/**
 * A graph as a Mermaid flowchart, for documents and web pages. Starts are round, edges for errors are dotted.
 *
 * @throws ConfigError `config.invalid_graph` for names that are unknown or twice; other faults are drawn as they are.
 */
export function graphToMermaid(graph: DiGraph): string {
  const plan = planGraph(graph);
  const names = [...plan.nodes.keys()];
  // Names of nodes may be words of Mermaid's.
  const idOf = (name: string): string => `n${names.indexOf(name)}`;
  const nodes = [...plan.nodes.values()].map((node) => {
    const label = quoteLabel(node.name + (joinsAny(node) ? " (any)" : ""));
    return `  ${idOf(node.name)}${plan.starts.includes(node.name) ? `([${label}])` : `[${label}]`}`;
  });
  const edges = [...plan.nodes.values()].flatMap(edgesFrom).map((edge) => {
    const words = labelOf(plan, edge);
    const label = words === "" ? "" : `|${quoteLabel(words)}|`;
    return `  ${idOf(edge.source)} ${edge.isOnError ? "-.->" : "-->"}${label} ${idOf(edge.target)}`;
  });
  return ["flowchart TD", ...nodes, ...edges].join("\n");
}

function describeNode({ starts }: GraphPlan, node: PlannedNode): string {
  const notes = [
    ...(starts.includes(node.name) ? ["start"] : []),
    ...(node.edges.length === 0 ? ["leaf"] : []),
    ...(joinsAny(node) ? ["starts at any"] : []),
  ];
  return notes.length === 0 ? "" : ` (${notes.join(", ")})`;
}

function describeEdge(plan: GraphPlan, edge: PlannedEdge): string {
  const label = labelOf(plan, edge);
  return label === "" ? "" : `  ${label}`;
}

function labelOf({ nodes }: GraphPlan, { target, condition, isOnError, group }: PlannedEdge): string {
  const hasGroups = (nodes.get(target)?.groups.length ?? 0) > 1;
  return [
    ...(isOnError ? ["error"] : []),
    ...(condition === null ? [] : [conditionText(condition)]),
    ...(hasGroups ? [`[${group.name}]`] : []),
  ].join(" ");
}

function conditionText(condition: EdgeCondition): string {
  if (typeof condition === "string") return JSON.stringify(condition);
  return condition.name === "" ? "test" : `${condition.name}()`;
}

function joinsAny({ groups }: PlannedNode): boolean {
  return groups.some((group) => group.activation === "any" && group.edges.length > 1);
}

/** Mermaid reads everything in quotes as text, but for quotes, line ends and its own codes. */
function quoteLabel(text: string): string {
  const codes: Readonly<Record<string, string>> = { '"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "\n": " " };
  return `"${text.replaceAll(/["#<>\n]/gu, (sign) => codes[sign] ?? sign)}"`;
}
