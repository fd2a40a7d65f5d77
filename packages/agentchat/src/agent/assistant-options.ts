import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError } from "@troupe/core";
import type {
  AiSdkModel,
  ChatModel,
  Memory,
  ModelContext,
  ModelRequest,
  PriceTable,
  RunValues,
  Tool,
  ToolCallPart,
  ToolResultPart,
  Workbench,
} from "@troupe/llm";
import type { BudgetOption } from "../budget/budget.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import type { Handoff } from "./handoff.ts";

/** Settings of every call of a model. */
export type ModelSettings = Pick<
  ModelRequest,
  "temperature" | "topP" | "maxOutputTokens" | "stopSequences" | "seed" | "providerOptions" | "headers" | "toolChoice"
>;

/** What a system message may be written with. Pure: a turn that is run again writes it again. */
export interface PromptContext {
  readonly agentName: string;
  /** What the program gave the run: read it with the key of `defineContext`. What the prompt says of it, the model knows. */
  readonly run: RunValues;
}

/** What an `AssistantAgent` is made of. */
export interface AssistantAgentOptions<Output = undefined> extends GuardOptions {
  /** Unique in a team: an identifier. */
  readonly name: string;
  /** What `model(id)` returns, an AI SDK model, or any `ChatModel`. */
  readonly model: ChatModel | AiSdkModel;
  readonly description?: string | undefined;
  /** Tells the model who it is; null for none. Default: a helpful assistant that uses its tools. */
  readonly systemMessage?: string | ((context: PromptContext) => string) | null | undefined;
  readonly tools?: readonly Tool[] | undefined;
  /** Sets of tools that may change: asked for what they have before each call of the model. The program opens and closes them. */
  readonly workbench?: Workbench | readonly Workbench[] | undefined;
  /** Agents that this one may hand over to: the model gets a tool for each. */
  readonly handoffs?: readonly (string | Handoff)[] | undefined;
  /** Asked once in each turn; what they give is shown to the model and not kept. The program opens and closes them. */
  readonly memory?: Memory | readonly Memory[] | undefined;
  /** Milliseconds for each memory, in each turn; one that takes longer is left out. Default 10,000. */
  readonly memoryDeadlineMs?: number | undefined;
  /** Rounds of tool calls in one turn before the agent must answer; default 10. */
  readonly maxToolIterations?: number | undefined;
  /** After the last round, ask the model once more, without tools, to say what the results mean; default: only with `output`. */
  readonly reflectOnToolUse?: boolean | undefined;
  /** The answer when the rounds are used up and the agent does not reflect, for each call of the turn; default `{result}`. */
  readonly toolCallSummaryFormat?: string | undefined;
  /** The same as a function, which wins over the format. */
  readonly summarizeTools?: ((call: ToolCallPart, result: ToolResultPart) => string) | undefined;
  /** Show words as they come; default: when the model can. */
  readonly stream?: boolean | undefined;
  /** What the model sees of the conversation; default everything. */
  readonly modelContext?: ModelContext | undefined;
  /** Schema of the answer: the result's `output` is typed and checked. */
  readonly output?: StandardSchemaV1<unknown, Output> | undefined;
  /** How people read an answer that is data: `"{city}: {degrees} degrees"`. Default: as the model wrote it. */
  readonly outputFormat?: string | undefined;
  /** Put on every message of the agent; no model sees it. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly settings?: ModelSettings | undefined;
  readonly budget?: BudgetOption | undefined;
  /** What models cost, for usage and budgets in dollars; default: the list prices. The table of what is run counts, not those of participants. */
  readonly prices?: PriceTable | undefined;
}

/** What an assistant says about itself when nothing else is said. */
export const defaultSystemMessage: string =
  "You are a helpful assistant. Use your tools when they help, and say so when you cannot do what is asked.";

/** @throws ConfigError `config.duplicate_name` for two tools of one name, `config.invalid_definition` for a model that has no tools. */
export function checkTools(tools: readonly Tool[], model: ChatModel): readonly Tool[] {
  const twice = tools.find((tool, index) => tools.findIndex((other) => other.name === tool.name) !== index);
  if (twice !== undefined) {
    throw new ConfigError("config.duplicate_name", `Two tools are called "${twice.name}"`, {
      remedy: "Give each tool of an agent a name of its own.",
      details: { name: twice.name },
    });
  }
  if (tools.length > 0 && !model.capabilities.tools) {
    throw new ConfigError("config.invalid_definition", `Model "${model.name}" cannot call tools`, {
      remedy: "Use another model, leave the tools out, or correct the model's capabilities.",
      details: { model: model.name },
    });
  }
  return tools;
}
