import { findCycles, reachableFrom, type Successors } from "./graph-cycles.ts";
import { edgesFrom, type GraphPlan, type PlannedEdge, type PlannedGroup, type PlannedNode } from "./graph-plan.ts";

/** A node that can never start, and why. */
export interface StuckJoin {
  readonly target: string;
  /** The branches that it waits for. */
  readonly waitsFor: readonly string[];
  /** The node that takes only one of the ways to them; undefined: one of the branches runs only after the join itself. */
  readonly divider: string | undefined;
}

/** Each node with the targets of the edges that count. */
export function successorsOf(plan: GraphPlan, counts: (edge: PlannedEdge) => boolean): Successors {
  return new Map(
    [...plan.nodes.values()].map((node) => [
      node.name,
      edgesFrom(node)
        .filter(counts)
        .map((edge) => edge.target),
    ]),
  );
}

/** Finds a node that cannot start whatever the nodes say: it waits for itself, or for branches that exclude each other. */
export function findStuckJoin(plan: GraphPlan): StuckJoin | undefined {
  const possible = findPossible(plan, () => true);
  const successors = successorsOf(plan, () => true);
  const isAfter = (name: string, other: string): boolean => reachableFrom([other], successors).has(name);
  const waiting = describeStuck(plan, possible, ({ edges, target }) =>
    edges.some(({ source }) => !possible.has(source) && isAfter(source, target)),
  );
  if (waiting !== undefined) return { ...waiting, divider: undefined };
  const repeated = findRepeated(plan);
  for (const divider of plan.nodes.values()) {
    if (repeated.has(divider.name)) continue;
    const stuck = findExcluded(plan, divider);
    if (stuck !== undefined) return stuck;
  }
  return undefined;
}

/** Nodes that can start when all open edges of nodes that ran may be taken: at least those. */
function findPossible(plan: GraphPlan, isOpen: (edge: PlannedEdge) => boolean): ReadonlySet<string> {
  const possible = new Set(plan.starts);
  const arrives = (edge: PlannedEdge): boolean => isOpen(edge) && possible.has(edge.source);
  const queue = [...plan.starts];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const node = plan.nodes.get(name);
    for (const { group } of node === undefined ? [] : edgesFrom(node)) {
      if (possible.has(group.target)) continue;
      const isComplete = group.activation === "all" ? group.edges.every(arrives) : group.edges.some(arrives);
      if (!isComplete) continue;
      possible.add(group.target);
      queue.push(group.target);
    }
  }
  return possible;
}

/** A node that runs once takes one of its alternatives: what none of them makes possible cannot be. */
function findExcluded(plan: GraphPlan, divider: PlannedNode): StuckJoin | undefined {
  const alternatives = alternativesOf(divider);
  if (alternatives.length < 2) return undefined;
  const possible = new Set<string>();
  for (const taken of alternatives) {
    const isOpen = (edge: PlannedEdge): boolean => edge.source !== divider.name || taken.has(edge);
    for (const name of findPossible(plan, isOpen)) possible.add(name);
  }
  const stuck = describeStuck(plan, possible, ({ edges }) => edges.every(({ source }) => possible.has(source)));
  return stuck && { ...stuck, divider: divider.name };
}

/** The first group of an impossible node that some possible node leads to; one that is itself the cause rather than one behind it. */
function describeStuck(
  { nodes }: GraphPlan,
  possible: ReadonlySet<string>,
  isCause: (group: PlannedGroup) => boolean,
): Omit<StuckJoin, "divider"> | undefined {
  const stuck = [...nodes.values()]
    .filter(({ name }) => !possible.has(name))
    .flatMap(({ groups }) => groups.filter(({ edges }) => edges.some(({ source }) => possible.has(source))));
  const group = stuck.find(isCause) ?? stuck[0];
  return group && { target: group.target, waitsFor: branchesOf(group) };
}

function branchesOf({ edges }: PlannedGroup): readonly string[] {
  return [...new Set(edges.map((edge) => edge.source))];
}

/** Nodes that may run more than once in a run. */
function findRepeated(plan: GraphPlan): ReadonlySet<string> {
  const successors = successorsOf(plan, () => true);
  const repeated = new Set(findCycles(successors).flatMap((component) => [...component]));
  for (const { name, groups } of plan.nodes.values()) {
    const ways = groups.length + (plan.starts.includes(name) ? 1 : 0);
    if (ways > 1) repeated.add(name);
  }
  for (const name of repeated) for (const target of successors.get(name) ?? []) repeated.add(target);
  return repeated;
}

/**
 * The sets of edges that a node may take in one turn. Texts are taken to exclude each other unless one contains the other: whoever joins
 * them with `all` waits for both. Tests are not looked into: they may all hold.
 */
function alternativesOf({ edges, errorEdges }: PlannedNode): readonly ReadonlySet<PlannedEdge>[] {
  const texts = new Set(edges.map((edge) => edge.condition).filter((condition) => typeof condition === "string"));
  const holds = (edge: PlannedEdge, text: string): boolean =>
    typeof edge.condition !== "string" || text.includes(edge.condition);
  const answers = [...texts].map((text) => new Set(edges.filter((edge) => holds(edge, text))));
  const ordinary = answers.length === 0 ? [new Set(edges)] : answers;
  return errorEdges.length === 0 ? ordinary : [...ordinary, new Set(errorEdges)];
}
