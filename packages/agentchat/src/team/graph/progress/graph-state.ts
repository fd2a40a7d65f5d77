/**
 * Where a run stands in its graph: what a graph's team remembers between its turns, also when another process goes on with it.
 *
 * Owns: which nodes are to start, which are at work, what has arrived at joins. All of it is JSON and in this record.
 * Does not own: who is asked when (the manager), and what was said (the thread).
 * Invariants:
 * G1. A node is at work once at a time, and starts once for everything that came in before it started.
 * G2. A group that waits for all starts its node when each of its edges has arrived since it last did. A branch that starts a node through one
 * group is used up in the node's others.
 * G3. A group that waits for any starts its node for the first branch of a round. The branch of a node belongs to a later round when it follows
 * from the start of the earlier one, or comes again.
 * G4. Of two nodes that can start, the one that could first starts first; starts and edges keep the order of the graph.
 * G5. A path that ends elsewhere than at a leaf is kept in mind until the end: then the graph is not complete.
 * G6. A run that goes on starts again what did not come to its end, and nothing else.
 */
import type { JsonValue } from "@troupe/core";
import { type NodeOutcome, takenEdges } from "./edge-condition.ts";
import type { GraphPlan, PlannedEdge, PlannedGroup } from "../plan/graph-plan.ts";
import { quote } from "../plan/invalid-graph.ts";

/** Rounds by the key of a group. */
type Rounds = Readonly<Record<string, number>>;

/** A node that is to start or at work. */
export interface Activation {
  readonly node: string;
  /** The rounds of groups that came before it: what it follows from. */
  readonly after: Rounds;
}

/** What a graph's team remembers. JSON. */
export interface GraphState {
  readonly version: 1;
  /** To start, in order. */
  ready: readonly Activation[];
  /** Asked, and not heard of yet. */
  working: readonly Activation[];
  /** Of `working`: failed, and what that means is not decided. */
  failed: readonly string[];
  /** At groups that wait for all, by group: the edges that have arrived, with what they follow from. */
  arrived: Readonly<Record<string, Readonly<Record<string, Rounds>>>>;
  /** Of groups that wait for any of several: the round they are in. */
  rounds: Rounds;
  /** Of the branches of those, by node and group: the last round they were in. */
  branchRounds: Readonly<Record<string, number>>;
  /** Nodes whose answer led nowhere. */
  lost: readonly string[];
}

/** The start of a run: every start is ready. */
export function startGraph({ starts }: GraphPlan): GraphState {
  const ready = starts.map((node) => ({ node, after: {} }));
  return { version: 1, ready, working: [], failed: [], arrived: {}, rounds: {}, branchRounds: {}, lost: [] };
}

/** What is remembered; undefined when there is nothing to go on with, or nothing of this version. */
export function readGraphState(memory: JsonValue, { nodes }: GraphPlan): GraphState | undefined {
  const state: unknown = memory;
  if (!isGraphState(state)) return undefined;
  const isKnown = ({ node }: Activation): boolean => nodes.has(node);
  return { ...state, ready: state.ready.filter(isKnown), working: state.working.filter(isKnown) };
}

function isGraphState(value: unknown): value is GraphState {
  return typeof value === "object" && value !== null && "version" in value && value.version === 1;
}

/** G6: a new run goes on. Nodes that were asked and did not come to an end start again, first of all. */
export function resumeGraph(state: GraphState): void {
  state.ready = [...state.working, ...state.ready];
  state.working = [];
  state.failed = [];
}

/** Nobody is at work or to start. */
export function isOver({ ready, working }: GraphState): boolean {
  return ready.length === 0 && working.length === 0;
}

/** Notes that a node failed; what follows is decided when the run goes on (`settleNode`). */
export function noteFailure(state: GraphState, node: string): void {
  state.failed = [...state.failed.filter((name) => name !== node), node];
}

/** A node's turn is over: what it leads to. */
export function settleNode(plan: GraphPlan, state: GraphState, ended: { node: string } & NodeOutcome): void {
  const { node: name } = ended;
  const node = plan.nodes.get(name);
  const activation = state.working.find((working) => working.node === name);
  if (node === undefined || activation === undefined) return;
  const taken = takenEdges(node, ended);
  state.working = state.working.filter((working) => working !== activation);
  state.failed = state.failed.filter((failed) => failed !== name);
  if (taken.length === 0 && node.edges.length > 0 && !state.lost.includes(name)) state.lost = [...state.lost, name];
  const byTarget = Map.groupBy(taken, (edge) => edge.target);
  for (const [target, edges] of byTarget) {
    const { groups = [] } = plan.nodes.get(target) ?? {};
    arrive(state, { source: name, target, groups, edges, after: activation.after });
  }
}

/** Takes the nodes that start now: ready, and not at work (G1). */
export function takeReady(state: GraphState): readonly string[] {
  const starting: Activation[] = [];
  const staying: Activation[] = [];
  const isBusy = new Set(state.working.map(({ node }) => node));
  for (const activation of state.ready) {
    if (isBusy.has(activation.node)) staying.push(activation);
    else starting.push(activation);
    isBusy.add(activation.node);
  }
  state.ready = staying;
  state.working = [...state.working, ...starting];
  return starting.map(({ node }) => node);
}

/** How a graph that is over ended: complete, or why it is not. */
export function graphEnd(plan: GraphPlan, { lost, arrived }: GraphState): GraphEnd {
  const reasons = [
    ...lost.map((node) => `no edge of "${node}" was taken after its turn`),
    ...Object.entries(arrived).map(([key, edges]) => describeStarved(plan, key, Object.keys(edges))),
  ].filter((reason) => reason !== "");
  if (reasons.length === 0) return { kind: "graph-complete", detail: "Every path of the graph has reached its end" };
  return { kind: "dead-end", detail: `The graph cannot go on: ${reasons.join("; ")}` };
}

/** An end of its own accord. */
export interface GraphEnd {
  readonly kind: "graph-complete" | "dead-end";
  readonly detail: string;
}

function describeStarved(plan: GraphPlan, key: string, arrived: readonly string[]): string {
  const group = [...plan.nodes.values()].flatMap((node) => node.groups).find((candidate) => candidate.key === key);
  if (group === undefined) return "";
  const missing = group.edges.filter((edge) => !arrived.includes(edge.key)).map((edge) => edge.source);
  return `"${group.target}" still waits for ${quote([...new Set(missing)])}`;
}

/** What a node's turn sends to another node: edges into one or several of its groups. */
interface Arrival {
  readonly source: string;
  readonly target: string;
  /** All groups of the target. */
  readonly groups: readonly PlannedGroup[];
  readonly edges: readonly PlannedEdge[];
  readonly after: Rounds;
}

function arrive(state: GraphState, arrival: Arrival): void {
  const { source, target, groups, edges, after } = arrival;
  const used = new Set([source]);
  const starts: Rounds[] = [];
  for (const group of new Set(edges.map((edge) => edge.group))) {
    const start = group.activation === "all" ? joinAll(state, group, arrival) : joinAny(state, group, arrival);
    if (start === undefined) continue;
    starts.push(start);
    if (group.activation === "all") for (const edge of group.edges) used.add(edge.source);
  }
  if (starts.length === 0) return;
  for (const group of groups) useUp(state, group, used);
  activate(state, target, starts.reduce(latest, after));
}

/** G2. What the start follows from; undefined while others are missing. */
function joinAll(state: GraphState, group: PlannedGroup, { edges, after }: Arrival): Rounds | undefined {
  const arrived = { ...state.arrived[group.key] };
  for (const edge of edges) if (edge.group === group) arrived[edge.key] = latest(arrived[edge.key] ?? {}, after);
  state.arrived = { ...state.arrived, [group.key]: arrived };
  const isComplete = group.edges.every((edge) => edge.key in arrived);
  return isComplete ? Object.values(arrived).reduce(latest) : undefined;
}

/** G3: who comes late in a round that has started the node is not heard. */
function joinAny(state: GraphState, group: PlannedGroup, { source, after }: Arrival): Rounds | undefined {
  if (group.edges.length === 1) return after;
  const key = `${source}>${group.key}`;
  const round = 1 + Math.max(state.branchRounds[key] ?? 0, after[group.key] ?? 0);
  state.branchRounds = { ...state.branchRounds, [key]: round };
  if (round <= (state.rounds[group.key] ?? 0)) return undefined;
  state.rounds = { ...state.rounds, [group.key]: round };
  return { ...after, [group.key]: round };
}

/** G2: what these nodes have sent to a group is forgotten. */
function useUp(state: GraphState, group: PlannedGroup, sources: ReadonlySet<string>): void {
  const { [group.key]: arrived, ...others } = state.arrived;
  if (arrived === undefined) return;
  const isUsed = new Set(group.edges.filter((edge) => sources.has(edge.source)).map((edge) => edge.key));
  const left = Object.entries(arrived).filter(([key]) => !isUsed.has(key));
  state.arrived = left.length === 0 ? others : { ...others, [group.key]: Object.fromEntries(left) };
}

/** G1: what is to start already starts once, after all of it. */
function activate(state: GraphState, node: string, after: Rounds): void {
  const waiting = state.ready.find((activation) => activation.node === node);
  if (waiting === undefined) state.ready = [...state.ready, { node, after }];
  else {
    const merged = { node, after: latest(waiting.after, after) };
    state.ready = state.ready.map((activation) => (activation === waiting ? merged : activation));
  }
}

function latest(one: Rounds, other: Rounds): Rounds {
  const merged: Record<string, number> = { ...one };
  for (const [key, round] of Object.entries(other)) merged[key] = Math.max(merged[key] ?? 0, round);
  return merged;
}
