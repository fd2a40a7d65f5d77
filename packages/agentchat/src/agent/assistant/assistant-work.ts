import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError } from "@troupe/core";
import { type ChatModel, type OutputDocument, outputDocument, outputForms, toChatModel } from "@troupe/llm";
import type { InferenceOptions } from "../../inference/model-asker.ts";
import { TokenCounter } from "../../inference/token-counter.ts";
import {
  type AssistantAgentOptions,
  checkTools,
  defaultSystemMessage,
  type ModelSettings,
  type PromptContext,
} from "../assistant-options.ts";
import { checkWholeNumber } from "../../run/check-whole-number.ts";
import { resolveHandoffs } from "../handoff.ts";
import { describeResult, type SummarizeCall, summarizeBy, summaryNames } from "./answer.ts";
import type { RecallOptions } from "./recall.ts";
import { parseTemplate, type Template } from "./template.ts";
import { fixedToolSet, repeated, type ToolSet, type ToolSources } from "./tool-set.ts";

/** An assistant's definition, resolved once. */
export interface AssistantWork {
  readonly name: string;
  readonly model: ChatModel;
  readonly sources: ToolSources;
  /** What the model may call when there are no workbenches to ask. */
  readonly fixedTools: ToolSet;
  readonly recall: RecallOptions;
  readonly systemMessage: string | ((context: PromptContext) => string) | null;
  readonly maxToolIterations: number;
  readonly reflects: boolean;
  readonly summarize: SummarizeCall;
  readonly streams: boolean;
  readonly inference: InferenceOptions;
  readonly output: AssistantOutput | undefined;
  readonly settings: ModelSettings;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

/** The form of an assistant's answer. */
export interface AssistantOutput {
  readonly schema: StandardSchemaV1;
  readonly format: Template | undefined;
}

/** Milliseconds that a memory may take, unless the agent says otherwise. */
const memoryMs = 10_000;

/** @throws ConfigError `config.invalid_definition`, `config.duplicate_name`, `config.invalid_option`. */
export function createWork<Output>(options: AssistantAgentOptions<Output>): AssistantWork {
  const model: ChatModel = toChatModel(options.model);
  const sources = createSources(options, model);
  return {
    name: options.name,
    model,
    sources,
    fixedTools: fixedToolSet(sources),
    recall: createRecall(options),
    systemMessage: options.systemMessage === undefined ? defaultSystemMessage : options.systemMessage,
    maxToolIterations: checkWholeNumber("maxToolIterations", options.maxToolIterations ?? 10),
    reflects: options.reflectOnToolUse ?? options.output !== undefined,
    summarize: createSummary(options),
    streams: options.stream ?? true,
    inference: createInference(options, model),
    output: createOutput(options),
    settings: options.settings ?? {},
    metadata: options.metadata,
  };
}

type Options = AssistantAgentOptions<unknown>;

function createSources(options: Options, model: ChatModel): ToolSources {
  const tools = checkTools(options.tools ?? [], model);
  const workbenches = toList(options.workbench);
  const twice = repeated(workbenches.map((workbench) => workbench.name));
  if (twice !== undefined) throw twoOfOneName("workbenches", twice);
  const handoffs = resolveHandoffs(options.handoffs ?? [], { name: options.name, tools });
  if (!model.capabilities.tools && workbenches.length + handoffs.length > 0) {
    throw new ConfigError(
      "config.invalid_definition",
      `Model "${model.name}" cannot call tools, which workbenches and handoffs need`,
      {
        remedy: "Use another model, leave them out, or correct the model's capabilities.",
        details: { model: model.name },
      },
    );
  }
  return { tools, workbenches, handoffs };
}

function createRecall(options: Options): RecallOptions {
  const memories = toList(options.memory);
  const stranger = memories.find((memory) => memory.kind !== "memory");
  if (stranger !== undefined)
    throw invalidOption("memory", "Give a Memory, such as new ListMemory(), or a list of them.");
  const twice = repeated(memories.map((memory) => memory.name));
  if (twice !== undefined) throw twoOfOneName("memories", twice);
  const deadlineMs = options.memoryDeadlineMs ?? memoryMs;
  if (!(deadlineMs > 0)) throw invalidOption("memoryDeadlineMs", "Give a number of milliseconds above 0.");
  return { memories, deadlineMs };
}

/** The name of an answer for the model, and of the tool that gives it where the provider has no other way. */
const answerName = "final_answer";

function createInference({ modelContext, output }: Options, model: ChatModel): InferenceOptions {
  const forms = output === undefined ? [] : outputForms({ model, document: outputDocument(output), name: answerName });
  return { model, context: modelContext, forms, counter: new TokenCounter() };
}

function createSummary({ summarizeTools, toolCallSummaryFormat }: Options): SummarizeCall {
  const format =
    toolCallSummaryFormat === undefined
      ? undefined
      : summarizeBy(parseTemplate(toolCallSummaryFormat, { option: "toolCallSummaryFormat", names: summaryNames }));
  return summarizeTools ?? format ?? ((_call, result) => describeResult(result));
}

function createOutput({ output, outputFormat }: Options): AssistantOutput | undefined {
  if (output === undefined) {
    if (outputFormat === undefined) return undefined;
    throw invalidOption("outputFormat", "Give the schema of the answer as `output`, or leave the format out.");
  }
  const names = propertyNames(outputDocument(output));
  const format =
    outputFormat === undefined ? undefined : parseTemplate(outputFormat, { option: "outputFormat", names });
  return { schema: output, format };
}

/** Undefined when the document does not list them. */
function propertyNames(document: OutputDocument | undefined): readonly string[] | undefined {
  const properties = document?.isWrapped === false ? document.schema["properties"] : undefined;
  return typeof properties === "object" && properties !== null ? Object.keys(properties) : undefined;
}

function toList<T extends object>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return isList(value) ? [...value] : [value];
}

function isList<T extends object>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function twoOfOneName(what: string, name: string): ConfigError {
  return new ConfigError("config.duplicate_name", `Two ${what} of an agent are called "${name}"`, {
    remedy: "Give each a name of its own.",
    details: { name },
  });
}

function invalidOption(option: string, remedy: string): ConfigError {
  return new ConfigError("config.invalid_option", `${option} cannot be used as it is`, { remedy, details: { option } });
}
