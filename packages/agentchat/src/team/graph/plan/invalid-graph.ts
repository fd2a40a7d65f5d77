import { ConfigError } from "@troupe/core";

/** What can be wrong with a graph, as `details.reason` of the error. */
export type GraphFault =
  | "no-nodes"
  | "no-start"
  | "no-leaf"
  | "duplicate-node"
  | "unknown-node"
  | "unknown-target"
  | "unknown-start"
  | "node-without-participant"
  | "participant-without-node"
  | "conflicting-group"
  | "mixed-conditions"
  | "invalid-edge"
  | "error-edge-unused"
  | "unreachable-node"
  | "cycle-without-condition"
  | "cycle-without-exit"
  | "unsatisfiable-join"
  | "unbounded-cycle";

/** The error of a graph that cannot work; `nodes` are those that it is about, a cycle in its order. */
export function invalidGraph(
  reason: GraphFault,
  what: string,
  { remedy, nodes }: { readonly remedy: string; readonly nodes: readonly string[] },
): ConfigError {
  return new ConfigError("config.invalid_graph", what, { remedy, details: { reason, nodes: [...nodes] } });
}

/** Names as a sentence shows them. */
export function quote(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
