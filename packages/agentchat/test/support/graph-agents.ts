import {
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  type DiGraph,
  GraphFlow,
  type GraphFlowOptions,
} from "@troupe/agentchat";

/** What an agent says in its turns, in order; then its name. */
export type Lines = readonly string[];

/** Says its lines, one each turn of its session. The line `!` is a failure. */
export class Speaker extends BaseChatAgent<{ turns: number }> {
  readonly #lines: Lines;
  readonly #before: ((name: string, signal: AbortSignal) => Promise<void> | undefined) | undefined;

  /** `before`: what it waits for in its turn. */
  constructor(
    name: string,
    lines: Lines = [],
    before?: (name: string, signal: AbortSignal) => Promise<void> | undefined,
  ) {
    super({ name, state: () => ({ turns: 0 }) });
    this.#lines = lines;
    this.#before = before;
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(_messages: readonly ChatMessage[], context: ChatAgentContext<{ turns: number }>) {
    const line = this.#lines[context.state.turns] ?? this.name;
    context.state.turns += 1;
    const before = this.#before;
    const wait = async ({ signal }: { readonly signal: AbortSignal }): Promise<null> => {
      await before?.(this.name, signal);
      return null;
    };
    if (before !== undefined) await context.step("wait", wait, { idempotent: true });
    if (line === "!") throw new Error(`${this.name} broke`);
    return this.reply(line);
  }
}

/** A graph by words: `a > b > c; b >yes> d`: edges of `a` to `b` and `c`, and of `b` to `d` when it says yes. Other names are leaves. */
export function graphOf(text: string): DiGraph {
  const nodes = new Map<string, { target: string; condition?: string }[]>();
  const at = (name: string): { target: string; condition?: string }[] => {
    const edges = nodes.get(name) ?? [];
    nodes.set(name, edges);
    return edges;
  };
  for (const part of text.split(";")) {
    const [source = "", ...rest] = part.trim().split(" ");
    const edges = at(source);
    for (let index = 0; index + 1 < rest.length; index += 2) {
      const condition = rest[index]?.replaceAll(">", "") ?? "";
      const target = rest[index + 1] ?? "";
      edges.push({ target, ...(condition !== "" && { condition }) });
      at(target);
    }
  }
  return { nodes: [...nodes].map(([name, edges]) => ({ name, edges })) };
}

/** A team on a graph whose agents say these lines. */
export function flowOf(
  graph: DiGraph,
  lines: Readonly<Record<string, Lines>> = {},
  options: Partial<GraphFlowOptions> = {},
): GraphFlow {
  const participants = graph.nodes.map(({ name }) => new Speaker(name, lines[name]));
  return new GraphFlow({ name: "flow", participants, graph, ...options });
}

/** Who spoke, in order. */
export function speakers(messages: readonly ChatMessage[]): readonly string[] {
  return messages.filter(({ source }) => source !== "user").map(({ source }) => source);
}
