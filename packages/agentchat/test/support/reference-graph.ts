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
 *   What a node has sent to another is used up in all groups when one of them has started it.
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
    for (const target of new Set(taken.map((edge) => edge.target)))
      this.#send(node, target, { lineage: turn.lineage, edges: taken.filter((edge) => edge.target === target) });
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

  /** One turn of a node sends tokens along some of its edges to one target. */
  #send(
    node: string,
    target: string,
    sent: { readonly lineage: Set<string>; readonly edges: readonly DiGraphEdge[] },
  ): void {
    const incoming = this.#graph.nodes.flatMap(({ name, edges = [] }) =>
      edges
        .filter((edge) => edge.target === target)
        .map((edge) => ({ edge, source: name, group: this.#groupOf(edge) })),
    );
    const lineages: Set<string>[] = [];
    const spent = new Set<string>([node]);
    for (const group of new Set(sent.edges.map((edge) => this.#groupOf(edge)))) {
      const members = incoming.filter((other) => other.group === group);
      const mine = sent.edges.filter((edge) => this.#groupOf(edge) === group);
      if (members.length === 1) lineages.push(sent.lineage);
      else if (this.#ruleOf(mine[0]) === "any") {
        const lineage = this.#nextRound(node, group, sent.lineage);
        if (lineage !== undefined) lineages.push(lineage);
      } else {
        for (const edge of mine) this.#tokens.set(edge, new Set([...(this.#tokens.get(edge) ?? []), ...sent.lineage]));
        if (!members.every(({ edge }) => this.#tokens.has(edge))) continue;
        lineages.push(new Set(members.flatMap(({ edge }) => [...(this.#tokens.get(edge) ?? [])])));
        for (const { source } of members) spent.add(source);
      }
    }
    if (lineages.length === 0) return;
    for (const { edge, source } of incoming) if (spent.has(source)) this.#tokens.delete(edge);
    this.#fire(target, new Set(lineages.flatMap((lineage) => [...lineage])));
  }

  #groupOf({ target, activationGroup = target }: DiGraphEdge): string {
    return `${target}:${activationGroup}`;
  }

  #ruleOf(edge: DiGraphEdge | undefined): "all" | "any" {
    const target = this.#graph.nodes.find(({ name }) => name === edge?.target);
    return edge?.activationCondition ?? target?.activation ?? "all";
  }

  /** The lineage of a start by a node's token; undefined when it is late. */
  #nextRound(node: string, group: string, lineage: Set<string>): Set<string> | undefined {
    const branch = `${node} to ${group}`;
    const rounds = this.#firings.get(group) ?? 0;
    let round = (this.#lastRound.get(branch) ?? 0) + 1;
    for (let known = round; known <= rounds; known += 1) if (lineage.has(`${group}#${known}`)) round = known + 1;
    this.#lastRound.set(branch, round);
    if (rounds >= round) return undefined;
    this.#firings.set(group, round);
    return new Set([...lineage, `${group}#${round}`]);
  }

  #fire(node: string, lineage: Set<string>): void {
    const waiting = this.#waiting.find((turn) => turn.node === node);
    if (waiting === undefined) this.#waiting.push({ node, lineage: new Set(lineage) });
    else for (const firing of lineage) waiting.lineage.add(firing);
  }
}
