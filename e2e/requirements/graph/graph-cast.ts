import {
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  DiGraphBuilder,
  type EdgeOptions,
  GraphFlow,
  type GraphFlowOptions,
  type NodeReference,
} from "@troupe/agentchat";

/** Says one line each turn, then its name; `!` is a failure. */
export class Lines extends BaseChatAgent<{ turns: number }> {
  readonly #lines: readonly string[];

  constructor(name: string, ...lines: readonly string[]) {
    super({ name, state: () => ({ turns: 0 }) });
    this.#lines = lines;
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(_messages: readonly ChatMessage[], context: ChatAgentContext<{ turns: number }>) {
    const line = this.#lines[context.state.turns] ?? this.name;
    context.state.turns += 1;
    if (line === "!") throw new Error(`${this.name} broke`);
    return this.reply(line);
  }
}

/** An edge: its ends by name, and what else it has. */
export type Edge = readonly [source: NodeReference, target: NodeReference, options?: EdgeOptions];

/** A team of agents with these edges between them. */
export function flow(
  agents: readonly Lines[],
  edges: readonly Edge[],
  options: Partial<GraphFlowOptions> & { start?: string } = {},
): GraphFlow {
  const builder = new DiGraphBuilder();
  for (const agent of agents) builder.addNode(agent);
  for (const [source, target, edge] of edges) builder.addEdge(source, target, edge);
  const { start, ...others } = options;
  if (start !== undefined) builder.setEntryPoint(start);
  return new GraphFlow({ participants: builder.getParticipants(), graph: builder.build(), ...others });
}

/** Agents with these names, that say their names. */
export const agents = (names: string): Lines[] => names.split(" ").map((name) => new Lines(name));
/** Who spoke, in order. */
export const who = (messages: readonly ChatMessage[]): string =>
  messages
    .map(({ source }) => source)
    .filter((source) => source !== "user")
    .join(" ");

/** Code and reason of the error that a graph is refused with. */
export const reasonOf = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return [Reflect.get(Object(error), "code"), Reflect.get(Object(Reflect.get(Object(error), "details")), "reason")];
  }
  return "accepted";
};
/** What `reasonOf` gives for a graph that cannot work. */
export const refused = (reason: string): unknown => ["config.invalid_graph", reason];

/** From `a` to `b`, round until `b` says that it is done, then `c`. */
export const loop: readonly Edge[] = [
  ["a", "b"],
  ["b", "a", { condition: "again" }],
  ["b", "c", { condition: "done" }],
];
