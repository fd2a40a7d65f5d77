import { type Tool, tool, type ToolSchema } from "@troupe/llm";
import { type ChatMessage, modelText } from "../../message/chat-message.ts";
import type { Participant } from "../role.ts";

/** How an agent or a team becomes a tool. */
export interface RunnerToolOptions {
  /** Default: the runner's name. 1 to 64 letters, digits, `_` or `-`. */
  readonly name?: string | undefined;
  /** Default: the runner's description. The model decides by it. */
  readonly description?: string | undefined;
  /** What the model reads: the last message, or all that was said, with names. Default `last`. */
  readonly returns?: "last" | "all" | undefined;
  /** True: each call goes on from the last one in the session, one after another. Default false: each call starts anew. */
  readonly keepsMemory?: boolean | undefined;
}

/** What is behind a runner's tool. */
export interface RunnerBehind {
  readonly participant: Participant;
  readonly returns: "last" | "all";
  readonly keepsMemory: boolean;
}

/** Two copies of the package understand each other's tools. */
const behind: unique symbol = Symbol.for("troupe.runner-tool");

/** The one argument of a runner's tool. */
interface RunnerCall {
  readonly task: string;
}

const callDocument = {
  type: "object",
  properties: { task: { type: "string", description: "What to do, with all that must be known for it" } },
  required: ["task"],
  additionalProperties: false,
} as const;

/** Written by hand: a JSON Schema validator for one fixed form would be a tenth of a small bundle. */
const callSchema: ToolSchema<RunnerCall, RunnerCall> = {
  "~standard": {
    version: 1,
    vendor: "troupe",
    validate: (value) =>
      isCall(value) ? { value } : { issues: [{ message: "expected { task: string } and nothing else" }] },
    jsonSchema: { input: () => ({ ...callDocument }), output: () => ({ ...callDocument }) },
  },
};

function isCall(value: unknown): value is RunnerCall {
  if (typeof value !== "object" || value === null || !("task" in value) || typeof value.task !== "string") return false;
  return Object.keys(value).length === 1;
}

/** Runs a runner on its own: for a tool that is called outside of an agent's turn. */
export type RunAlone = (task: string, signal: AbortSignal) => Promise<readonly ChatMessage[]>;

/** @throws ConfigError `config.invalid_definition` for a name that no provider accepts. */
export function createRunnerTool(
  participant: Participant,
  options: RunnerToolOptions,
  runAlone: RunAlone,
): Tool<RunnerCall> {
  const { returns = "last", keepsMemory = false } = options;
  const made = tool({
    name: options.name ?? participant.name,
    description: options.description ?? participant.description,
    input: callSchema,
    execute: async ({ task }, { signal }) => describeAnswer(await runAlone(task, signal), returns),
    timeoutMs: Number.POSITIVE_INFINITY,
  });
  const hidden: RunnerBehind = { participant, returns, keepsMemory };
  return Object.freeze(Object.defineProperty({ ...made }, behind, { value: hidden }));
}

/** What is behind a tool that `asTool()` made; undefined for all others. */
export function runnerBehind(candidate: Tool): RunnerBehind | undefined {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: only createRunnerTool sets this symbol
  return (candidate as { readonly [behind]?: RunnerBehind })[behind];
}

/** The task in the arguments that the tool has checked. */
export function taskOf(value: unknown): string {
  return isCall(value) ? value.task : "";
}

/** What was said, as the model reads it. The task itself is not part of it. */
export function describeAnswer(messages: readonly ChatMessage[], returns: "last" | "all"): string {
  const said = messages.filter((message) => message.source !== "user");
  if (returns === "all") return said.map((message) => `${message.source}: ${modelText(message)}`).join("\n\n");
  const last = said.at(-1);
  return last === undefined ? "" : modelText(last);
}
