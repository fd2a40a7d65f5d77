import { ConfigError } from "@troupe/core";
import { type ModelMessage, type Tool, type ToolCallPart, type ToolSchema, tool } from "@troupe/llm";
import type { MessageDraft } from "../message/chat-message.ts";

/** What the model of the agent that goes on is shown of the work that led to a handoff. */
export type HandoffContext =
  /** What the agent thought and the tool calls it made in this turn, with their results. */
  | "turn"
  | "none"
  /** Chosen from the agent's whole conversation. Must be pure: a resumed turn asks again. */
  | ((conversation: readonly ModelMessage[]) => readonly ModelMessage[]);

/** A way to hand the conversation over: the model gets a tool that says so. */
export interface Handoff {
  /** Name of the agent that goes on. */
  readonly target: string;
  /** Name of the tool; default `transfer_to_` and the target, in lower case. */
  readonly name?: string | undefined;
  /** Tells the model when to hand over; default: a sentence that names the target. */
  readonly description?: string | undefined;
  /** What everybody hears; default: a sentence that names the target. */
  readonly message?: string | undefined;
  /** What the model must say with a handoff, as the arguments of the tool; they are added to the message. Default: nothing. */
  readonly input?: ToolSchema<unknown, unknown> | undefined;
  /** Default `turn`. */
  readonly context?: HandoffContext | undefined;
}

/** A handoff whose defaults are filled in. */
export interface ResolvedHandoff {
  readonly target: string;
  readonly context: HandoffContext;
  /** Its result is what everybody hears. */
  readonly tool: Tool;
}

/**
 * Fills in the defaults and checks the names.
 *
 * @throws ConfigError `config.duplicate_name` for two handoffs of one name or target, or one with the name of a tool;
 * `config.invalid_definition` for a handoff of an agent to itself, or a name that no provider accepts.
 */
export function resolveHandoffs(
  handoffs: readonly (string | Handoff)[],
  agent: { readonly name: string; readonly tools: readonly Tool[] },
): readonly ResolvedHandoff[] {
  const resolved = handoffs.map((handoff) => resolve(typeof handoff === "string" ? { target: handoff } : handoff));
  const toolNames = new Set(agent.tools.map((other) => other.name));
  const seen = new Set<string>();
  for (const handoff of resolved) {
    if (handoff.target === agent.name) throw toItself(agent.name);
    const taken = [handoff.tool.name, handoff.target].find((name) => toolNames.has(name));
    if (taken !== undefined) throw duplicate(`A handoff of "${agent.name}" and one of its tools share the name`, taken);
    if (seen.has(handoff.tool.name)) throw duplicate(`Two handoffs of "${agent.name}" are called`, handoff.tool.name);
    seen.add(handoff.tool.name);
  }
  return resolved;
}

function resolve(handoff: Handoff): ResolvedHandoff {
  const { target, context = "turn" } = handoff;
  const message = handoff.message ?? `"${target}" takes over from here.`;
  const handoffTool = tool({
    name: checkToolName(handoff.name ?? `transfer_to_${target}`.toLowerCase(), target),
    description: handoff.description ?? `Hand the conversation over to "${target}", who goes on from here.`,
    input: handoff.input ?? anything,
    // Handing over changes nothing by itself: it may be done again after a crash.
    idempotent: true,
    execute: (said) => describeHandoff(message, said),
  });
  return { target, context, tool: handoffTool };
}

/** What models add to a tool without arguments does no harm: only what is not an object at all is refused. */
const anything: ToolSchema<unknown, unknown> = {
  "~standard": {
    version: 1,
    vendor: "troupe",
    validate: () => ({ value: {} }),
    jsonSchema: {
      input: () => ({ type: "object", properties: {}, additionalProperties: false }),
      output: () => ({ type: "object" }),
    },
  },
};

/** The handoffs that one answer of a model asks for, and which of them counts. */
export interface HandoffChoice {
  /** The first that can be carried out: its place among the calls. Undefined when there is none. */
  readonly index: number;
  readonly handoff: ResolvedHandoff;
  /** Targets of the others in the answer. */
  readonly ignored: readonly string[];
}

/** One rule for every answer: the first handoff whose arguments can be read counts. */
export function chooseHandoff(
  calls: readonly ToolCallPart[],
  handoffs: readonly ResolvedHandoff[],
): HandoffChoice | undefined {
  const asked = calls.flatMap((call, index) => {
    const handoff = handoffs.find((candidate) => candidate.tool.name === call.toolName);
    return handoff === undefined ? [] : [{ call, index, handoff }];
  });
  const first = asked.find(({ call, handoff }) => handoff.tool.parseArguments(call.arguments).kind === "valid");
  if (first === undefined) return undefined;
  const others = asked.filter(({ handoff }) => handoff !== first.handoff).map(({ handoff }) => handoff.target);
  return { index: first.index, handoff: first.handoff, ignored: [...new Set(others)] };
}

/** The tools of the handoffs for one answer: those that do not count say so to the model, and are asked of nobody. */
export function handoffTools(handoffs: readonly ResolvedHandoff[], choice: HandoffChoice | undefined): readonly Tool[] {
  return handoffs.map((handoff) => {
    if (choice === undefined || handoff === choice.handoff) return handoff.tool;
    const problem = `Not handed over to "${handoff.target}": an answer can hand over once, and "${choice.handoff.target}" came first.`;
    return { ...handoff.tool, parseArguments: () => ({ kind: "invalid", problem }) };
  });
}

/** What the model said with a handoff comes after the message, as JSON. */
function describeHandoff(message: string, said: unknown): string {
  const text = JSON.stringify(said);
  return text === "{}" ? message : `${message}\n${text}`;
}

/** What everybody hears of a handoff that was carried out, with what its target's model is shown. */
export function handoffMessage(
  { target, context }: ResolvedHandoff,
  text: string,
  work: { readonly turn: readonly ModelMessage[]; readonly conversation: readonly ModelMessage[] },
): MessageDraft {
  const shown = context === "none" ? [] : context === "turn" ? work.turn : context(work.conversation);
  return { kind: "handoff", text, target, ...(shown.length > 0 && { context: shown }) };
}

const toolName = /^[a-zA-Z0-9_-]{1,64}$/;

function checkToolName(name: string, target: string): string {
  if (toolName.test(name)) return name;
  throw new ConfigError(
    "config.invalid_definition",
    `The handoff to "${target}" has the tool name ${JSON.stringify(name)}, which no provider accepts`,
    {
      remedy: `Give it a name of 1 to 64 letters, digits, underscores or hyphens: { target: ${JSON.stringify(target)}, name: "transfer_to_..." }.`,
      details: { target, name },
    },
  );
}

function duplicate(problem: string, name: string): ConfigError {
  return new ConfigError("config.duplicate_name", `${problem} "${name}"`, {
    remedy: "Give each handoff a name and a target of its own: { target, name }.",
    details: { name },
  });
}

function toItself(name: string): ConfigError {
  return new ConfigError("config.invalid_definition", `"${name}" has a handoff to itself`, {
    remedy: "Leave it out: an agent that does not hand over keeps the word.",
    details: { name },
  });
}
