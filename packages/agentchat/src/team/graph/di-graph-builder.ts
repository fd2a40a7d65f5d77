import { ConfigError } from "@troupe/core";
import type { Participant } from "../../turn/role.ts";
import type { ActivationCondition, DiGraph, DiGraphEdge, DiGraphNode } from "./di-graph.ts";
import { invalidGraph, quote } from "./plan/invalid-graph.ts";
import { validateGraph } from "./plan/validate-graph.ts";

/** What an edge has besides its ends. */
export type EdgeOptions = Omit<DiGraphEdge, "target">;

/** A node by its participant or its name. */
export type NodeReference = Participant | string;

interface OpenNode extends DiGraphNode {
  readonly participant: Participant;
  readonly edges: DiGraphEdge[];
}

/**
 * Puts a graph together from participants, step by step.
 *
 * @example
 * ```ts
 * const builder = new DiGraphBuilder()
 *   .addNode(writer)
 *   .addNode(critic)
 *   .addNode(editor)
 *   .addEdge(writer, critic)
 *   .addEdge(critic, writer, { condition: "REVISE" })
 *   .addEdge(critic, editor, { condition: "APPROVE" })
 *   .setEntryPoint(writer);
 * const team = new GraphFlow({ participants: builder.getParticipants(), graph: builder.build() });
 * ```
 */
export class DiGraphBuilder {
  readonly #nodes = new Map<string, OpenNode>();
  #start: string | undefined;

  /**
   * Adds a node; one that is there already stays as it is. `activation` is what its incoming edges wait for unless they say it themselves.
   *
   * @throws ConfigError `config.duplicate_name` for another participant of the same name.
   */
  addNode(participant: Participant, options: { readonly activation?: ActivationCondition | undefined } = {}): this {
    const { name } = participant;
    const known = this.#nodes.get(name);
    if (known === undefined) {
      this.#nodes.set(name, { participant, name, edges: [], activation: options.activation ?? "all" });
      return this;
    }
    if (known.participant === participant) return this;
    throw new ConfigError("config.duplicate_name", `Two participants of the graph are called "${name}"`, {
      remedy: "Give each participant a name of its own.",
      details: { name },
    });
  }

  /** @throws ConfigError `config.invalid_graph` when one of the ends is no node yet. */
  addEdge(source: NodeReference, target: NodeReference, options: EdgeOptions = {}): this {
    const to = this.#find(target).name;
    this.#find(source).edges.push({ target: to, ...options });
    return this;
  }

  /**
   * Adds one edge for each text that the source's answer may contain.
   *
   * @throws ConfigError `config.invalid_graph` when one of the ends is no node yet.
   */
  addConditionalEdges(source: NodeReference, targets: Readonly<Record<string, NodeReference>>): this {
    for (const [condition, target] of Object.entries(targets)) this.addEdge(source, target, { condition });
    return this;
  }

  /**
   * Says where a run starts, instead of at all nodes without incoming edges.
   *
   * @throws ConfigError `config.invalid_graph` when it is no node yet.
   */
  setEntryPoint(start: NodeReference): this {
    this.#start = this.#find(start).name;
    return this;
  }

  /** The participants, in the order in which they were added. */
  getParticipants(): readonly Participant[] {
    return [...this.#nodes.values()].map((node) => node.participant);
  }

  /** @throws ConfigError `config.invalid_graph` for a graph that cannot work. */
  build(): DiGraph {
    const nodes = [...this.#nodes.values()].map(({ name, edges, activation }) => ({
      name,
      edges: [...edges],
      activation,
    }));
    const graph: DiGraph = { nodes, ...(this.#start !== undefined && { defaultStartNode: this.#start }) };
    validateGraph(graph);
    return graph;
  }

  #find(reference: NodeReference): OpenNode {
    const name = typeof reference === "string" ? reference : reference.name;
    const node = this.#nodes.get(name);
    if (node !== undefined && (typeof reference === "string" || node.participant === reference)) return node;
    throw unknownNode(name, [...this.#nodes.keys()]);
  }
}

function unknownNode(name: string, known: readonly string[]): ConfigError {
  return invalidGraph("unknown-node", `"${name}" is no node of the graph`, {
    remedy: `Add it with addNode first; there are ${known.length === 0 ? "none" : quote(known)}.`,
    nodes: [name],
  });
}
