import type { ChatMessage, DiGraph, DiGraphEdge } from "@troupe/agentchat";

/** One turn that a node is to take, and all firings of groups that it follows from, such as `join:join#2`. */
interface Turn {
  readonly node: string;
  readonly lineage: Set<string>;
}

/**
 * What a graph does, written from its description alone and as plainly as it can be: no thought of speed, of storage or of JSON.
 *
 * - When a node has answered, each of its edges whose condition holds sends a token to its target; after a failure the edges for errors do, or
 *   without any those that have no condition.
 * - Edges into one node with one group name collect tokens together. `all`: when every edge has sent one, they are used up and the node starts.
 *   `any`: a turn of a node sends one token to a group, which belongs to a round; the first of a round starts the target, the others of the
 *   round do nothing. A token's round is the one after the last of its sender, and after all rounds that its sender's turn follows from.
 * - A node takes one turn at a time. What comes in while it waits for its turn is part of that turn; what comes in during it is the next.
 */
export class ReferenceGraph {
  readonly #graph: DiGraph;
  #waiting: Turn[] = [];
  readonly #tokens = new Map<DiGraphEdge, Set<string>>();
  readonly #firings = new Map<string, number>();
  readonly #lastRound = new Map<string, number>();
  #working: Turn[] = [];
  #isStuck = false;

  constructor(graph: DiGraph) {
    this.#graph = graph;
    const targets = graph.nodes.flatMap(({ edges = [] }) => edges.map(({ target }) => target));
    const starts = graph.nodes.map(({ name }) => name).filter((name) => !targets.includes(name));
    for (const node of graph.defaultStartNode === undefined ? starts : [graph.defaultStartNode])
      this.#waiting.push({ node, lineage: new Set() });
  }

  /** Who starts now, in order. */
  start(): readonly string[] {
    const starting: Turn[] = [];
    const staying: Turn[] = [];
    for (const turn of this.#waiting) {
      const isBusy = [...this.#working, ...starting].some(({ node }) => node === turn.node);
      (isBusy ? staying : starting).push(turn);
    }
    this.#waiting = staying;
    this.#working.push(...starting);
    return starting.map(({ node }) => node);
  }

  /** A node's turn is over; undefined: it failed. */
  end(node: string, answer: ChatMessage | undefined): void {
    const turn = this.#working.find((working) => working.node === node);
    if (turn === undefined) throw new Error(`"${node}" was not at work`);
    this.#working = this.#working.filter((working) => working !== turn);
    const all = this.#edgesOf(node);
    const ordinary = all.filter(({ on }) => on !== "error");
    const forErrors = all.filter(({ on }) => on === "error");
    const holds = ({ condition = null }: DiGraphEdge): boolean => {
      if (condition === null) return true;
      if (answer === undefined) return false;
      if (typeof condition === "string") return answer.text.includes(condition);
      return (typeof condition === "function" ? condition : condition.test)(answer, [answer]);
    };
    const taken = answer === undefined && forErrors.length > 0 ? forErrors : ordinary.filter(holds);
    if (taken.length === 0 && ordinary.length > 0) this.#isStuck = true;
    const groups = new Set<string>();
    for (const edge of taken) this.#send(node, edge, { lineage: turn.lineage, groups });
  }

  /** The run was ended, and another one goes on: what did not come to its end is done again, first of all. False: nothing is left to do. */
  resume(): boolean {
    this.#waiting.unshift(...this.#working);
    this.#working = [];
    return this.#waiting.length > 0;
  }

  /** How it ended; undefined while somebody works. Ask after `start`. */
  verdict(): "graph-complete" | "dead-end" | undefined {
    if (this.#working.length > 0 || this.#waiting.length > 0) return undefined;
    return this.#isStuck || this.#tokens.size > 0 ? "dead-end" : "graph-complete";
  }

  #edgesOf(name: string): readonly DiGraphEdge[] {
    return this.#graph.nodes.find((node) => node.name === name)?.edges ?? [];
  }

  #send(
    node: string,
    edge: DiGraphEdge,
    { lineage, groups }: { readonly lineage: Set<string>; readonly groups: Set<string> },
  ): void {
    const nameOf = ({ target, activationGroup = target }: DiGraphEdge): string => `${target}:${activationGroup}`;
    const group = nameOf(edge);
    const siblings = this.#graph.nodes.flatMap(({ edges = [] }) => edges).filter((other) => nameOf(other) === group);
    const target = this.#graph.nodes.find(({ name }) => name === edge.target);
    const rule = edge.activationCondition ?? target?.activation ?? "all";
    if (siblings.length === 1) return this.#fire(edge.target, lineage);
    if (rule === "all") {
      this.#tokens.set(edge, new Set([...(this.#tokens.get(edge) ?? []), ...lineage]));
      if (!siblings.every((sibling) => this.#tokens.has(sibling))) return;
      const joined = siblings.flatMap((sibling) => [...(this.#tokens.get(sibling) ?? [])]);
      for (const sibling of siblings) this.#tokens.delete(sibling);
      return this.#fire(edge.target, new Set(joined));
    }
    if (groups.has(group)) return;
    groups.add(group);
    const branch = `${node} to ${group}`;
    let round = (this.#lastRound.get(branch) ?? 0) + 1;
    while (lineage.has(`${group}#${round}`)) round += 1;
    for (let later = round; later <= (this.#firings.get(group) ?? 0); later += 1)
      if (lineage.has(`${group}#${later}`)) round = later + 1;
    this.#lastRound.set(branch, round);
    if ((this.#firings.get(group) ?? 0) >= round) return;
    this.#firings.set(group, round);
    this.#fire(edge.target, new Set([...lineage, `${group}#${round}`]));
  }

  #fire(node: string, lineage: Set<string>): void {
    const waiting = this.#waiting.find((turn) => turn.node === node);
    if (waiting === undefined) this.#waiting.push({ node, lineage: new Set(lineage) });
    else for (const firing of lineage) waiting.lineage.add(firing);
  }
}
