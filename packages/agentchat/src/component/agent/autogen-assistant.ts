import {
  defineForeignForm,
  type DumpPlace,
  type Field,
  fields,
  type ForeignForm,
  type JsonObject,
  keptOptions,
} from "@troupe/core";
import {
  isTool,
  jsonSchema,
  type Memory,
  type ModelContext,
  staticWorkbench,
  type Tool,
  unboundedContext,
  type Workbench,
} from "@troupe/llm";
import { type AssistantAgentOptions, defaultSystemMessage } from "../../agent/assistant-options.ts";
import type { Handoff } from "../../agent/handoff.ts";
import { either, isText, oneOrMany } from "../field/combine-fields.ts";
import { parts } from "../field/parts.ts";
import { anyObject, documentOf } from "../field/schema-field.ts";
import { modelField } from "../field/shared-fields.ts";

type Options = AssistantAgentOptions<unknown>;

/** A handoff of AutoGen's. */
interface AutoGenHandoff {
  readonly target: string;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly message?: string | undefined;
}

/** The schema of an answer, in the envelope that AutoGen puts it in. */
interface AutoGenAnswer {
  readonly provider: string;
  readonly component_type?: string | undefined;
  readonly version?: number | undefined;
  readonly component_version?: number | undefined;
  readonly description?: string | undefined;
  readonly label?: string | undefined;
  readonly config: {
    readonly json_schema: JsonObject;
    readonly format_string?: string | undefined;
    readonly content_model_name?: string | undefined;
  };
}

interface AutoGenAssistant {
  readonly name: string;
  readonly model_client: Options["model"];
  readonly tools?: readonly Tool[] | undefined;
  readonly workbench?: Workbench | readonly Workbench[] | undefined;
  readonly handoffs?: readonly (string | AutoGenHandoff)[] | undefined;
  readonly model_context?: ModelContext | undefined;
  readonly memory?: readonly Memory[] | undefined;
  readonly description?: string | undefined;
  readonly system_message?: string | undefined;
  readonly model_client_stream?: boolean | undefined;
  readonly reflect_on_tool_use?: boolean | undefined;
  readonly tool_call_summary_format?: string | undefined;
  readonly max_tool_iterations?: number | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly structured_message_factory?: AutoGenAnswer | undefined;
}

const answerProvider = "autogen_agentchat.messages.StructuredMessageFactory";

const handoff: Field<string | AutoGenHandoff> = /* @__PURE__ */ either(
  isText,
  fields.text,
  fields.object<AutoGenHandoff>({
    target: fields.text,
    name: fields.optional(fields.text),
    description: fields.optional(fields.text),
    message: fields.optional(fields.text),
  }),
);

const answer: Field<AutoGenAnswer> = /* @__PURE__ */ fields.object<AutoGenAnswer>({
  provider: fields.oneOf(answerProvider),
  component_type: fields.optional(fields.text),
  version: fields.optional(fields.integer),
  component_version: fields.optional(fields.integer),
  description: fields.optional(fields.text),
  label: fields.optional(fields.text),
  config: fields.object<AutoGenAnswer["config"]>({
    json_schema: anyObject,
    format_string: fields.optional(fields.text),
    content_model_name: fields.optional(fields.text),
  }),
});

/** AutoGen's AssistantAgent. Its first form had `tools` only, its second has workbenches too; both are read, the second is written. */
export function autoGenAssistant(): ForeignForm<Options> {
  return defineForeignForm<Options, AutoGenAssistant>({
    dialect: "autogen",
    provider: "autogen_agentchat.agents.AssistantAgent",
    versions: [1, 2],
    fields: {
      name: fields.text,
      model_client: modelField,
      tools: fields.optional(fields.list(parts.tool)),
      workbench: fields.optional(oneOrMany(parts.workbench)),
      handoffs: fields.optional(fields.list(handoff)),
      model_context: fields.optional(parts.context),
      memory: fields.optional(fields.list(parts.memory)),
      description: fields.optional(fields.text),
      system_message: fields.optional(fields.text),
      model_client_stream: fields.optional(fields.flag),
      reflect_on_tool_use: fields.optional(fields.flag),
      tool_call_summary_format: fields.optional(fields.text),
      max_tool_iterations: fields.optional(fields.integer),
      metadata: fields.optional(fields.openTexts),
      structured_message_factory: fields.optional(answer),
    },
    toOptions,
    covers: [
      "name",
      "model",
      "description",
      "systemMessage",
      "tools",
      "workbench",
      "handoffs",
      "memory",
      "maxToolIterations",
      "reflectOnToolUse",
      "toolCallSummaryFormat",
      "stream",
      "modelContext",
      "output",
      "outputFormat",
      "metadata",
    ],
    toConfig,
  });
}

function toConfig(options: Options, place: DumpPlace): { readonly [Name in keyof AutoGenAssistant]?: unknown } {
  return {
    name: options.name,
    model_client: options.model,
    ...toWorkbenches(options),
    handoffs: options.handoffs?.map((one, index) => toHandoff(one, () => place.at("handoffs").at(index))),
    model_context: options.modelContext ?? unboundedContext(),
    memory: options.memory === undefined ? undefined : [options.memory].flat(),
    description: options.description ?? "An assistant that answers with the help of its tools",
    // AutoGen has no default that survives a document: left out means none.
    system_message: options.systemMessage === undefined ? defaultSystemMessage : (options.systemMessage ?? undefined),
    model_client_stream: options.stream ?? true,
    reflect_on_tool_use: options.reflectOnToolUse ?? options.output !== undefined,
    tool_call_summary_format: options.toolCallSummaryFormat ?? "{result}",
    max_tool_iterations: options.maxToolIterations ?? 10,
    metadata: options.metadata ?? {},
    structured_message_factory: toAnswer(options, () =>
      place
        .at("output")
        .refuse("is a schema that AutoGen cannot be given", "Make it with jsonSchema(), or leave the output out."),
    ),
  };
}

function toOptions(config: AutoGenAssistant): Options {
  const { tools, workbenches } = splitTools(config);
  const { handoffs = [], memory = [], metadata = {}, structured_message_factory: schema } = config;
  return {
    name: config.name,
    model: config.model_client,
    systemMessage: config.system_message ?? null,
    stream: config.model_client_stream ?? false,
    maxToolIterations: config.max_tool_iterations ?? 1,
    ...(config.description !== undefined && { description: config.description }),
    ...(tools.length > 0 && { tools }),
    ...(workbenches.length > 0 && { workbench: workbenches }),
    ...(handoffs.length > 0 && { handoffs }),
    ...(memory.length > 0 && { memory }),
    // AutoGen says "unbounded" when nobody said anything; here that is the context that prunes when it must.
    ...(config.model_context?.isUnlimited !== true &&
      config.model_context !== undefined && { modelContext: config.model_context }),
    ...(config.reflect_on_tool_use !== undefined && { reflectOnToolUse: config.reflect_on_tool_use }),
    ...(config.tool_call_summary_format !== undefined && { toolCallSummaryFormat: config.tool_call_summary_format }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...(schema !== undefined && { output: jsonSchema({ ...schema.config.json_schema }) }),
    ...(schema?.config.format_string !== undefined && { outputFormat: schema.config.format_string }),
  };
}

/** A workbench that is only a list of tools is taken apart: tools of the agent's own have approvals, limits and names in events. */
function splitTools(config: AutoGenAssistant): {
  readonly tools: readonly Tool[];
  readonly workbenches: readonly Workbench[];
} {
  const given = config.workbench === undefined ? [] : [config.workbench].flat();
  const plain = new Map(given.map((workbench) => [workbench, plainTools(workbench)]));
  return {
    tools: [...(config.tools ?? []), ...given.flatMap((workbench) => plain.get(workbench) ?? [])],
    workbenches: given.filter((workbench) => plain.get(workbench) === undefined),
  };
}

/** The tools of a workbench that does nothing but hold them. */
function plainTools(workbench: Workbench): readonly Tool[] | undefined {
  const kept = keptOptions(workbench);
  if (kept?.provider !== "@troupe/llm/staticWorkbench") return undefined;
  const { tools, ...others } = Object.fromEntries<unknown>(Object.entries(kept.options));
  if (!Array.isArray(tools) || Object.values(others).some((value) => value !== undefined)) return undefined;
  return tools.every(isTool) ? tools : undefined;
}

function toWorkbenches({ tools = [], workbench }: Options): Pick<AutoGenAssistant, "workbench"> {
  const others = workbench === undefined ? [] : [workbench].flat();
  return { workbench: tools.length === 0 && others.length > 0 ? others : [staticWorkbench(tools), ...others] };
}

function toHandoff(
  handoffOption: string | Handoff,
  place: () => { at(step: string): { refuse(problem: string, remedy: string): Error } },
): AutoGenHandoff {
  // AutoGen declares that it takes names here as well, and fails on them.
  if (typeof handoffOption === "string") return { target: handoffOption };
  const { input, context, ...rest } = handoffOption;
  for (const [name, value] of Object.entries({ input, context })) {
    if (value === undefined || value === "turn") continue;
    throw place().at(name).refuse("is an option that AutoGen's handoffs do not have", "Leave the option out.");
  }
  return rest;
}

function toAnswer({ output, outputFormat }: Options, refuse: () => Error): AutoGenAnswer | undefined {
  if (output === undefined) return undefined;
  const document = documentOf(output);
  if (document === undefined) throw refuse();
  const title = document["title"];
  return {
    provider: answerProvider,
    component_type: "structured_message",
    version: 1,
    component_version: 1,
    label: "StructuredMessageFactory",
    config: {
      json_schema: document,
      format_string: outputFormat,
      content_model_name: typeof title === "string" ? title : "Answer",
    },
  };
}
