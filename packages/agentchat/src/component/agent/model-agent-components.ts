import { type Component, defineComponent, defineForeignForm, fields, type ForeignForm } from "@troupe/core";
import { type CodeExecutor, type ModelContext, unboundedContext } from "@troupe/llm";
import { CodeExecutorAgent, type CodeExecutorAgentOptions } from "../../agent/code-executor-agent.ts";
import { SocietyOfMindAgent, type SocietyOfMindAgentOptions } from "../../agent/society-of-mind-agent.ts";
import type { Participant } from "../../turn/role.ts";
import { either, namedFunction } from "../field/combine-fields.ts";
import { parts } from "../field/parts.ts";
import { budgetField, guardFields, modelField, pricesField } from "../field/shared-fields.ts";

interface AutoGenRunner {
  readonly name: string;
  readonly code_executor: CodeExecutor;
  readonly model_client?: CodeExecutorAgentOptions["model"];
  readonly description?: string | undefined;
  readonly sources?: readonly string[] | undefined;
  readonly system_message?: string | undefined;
  readonly model_client_stream?: boolean | undefined;
  readonly model_context?: ModelContext | undefined;
  readonly supported_languages?: readonly string[] | undefined;
}

const isYes = (value: unknown): boolean => typeof value === "boolean";
const yes = /* @__PURE__ */ fields.plain((value): value is true => value === true, "true", { const: true });

/** An agent that runs programs as a document. The executor is the program's: a document only names it. */
export function codeExecutorComponent(): Component {
  return defineComponent<CodeExecutorAgentOptions>({
    provider: "@troupe/agentchat/CodeExecutorAgent",
    type: "agent",
    description: "Runs the programs in what others say, or writes and runs its own.",
    fields: {
      name: fields.text,
      executor: parts.executor,
      description: fields.optional(fields.text),
      model: fields.optional(modelField),
      systemMessage: fields.optional(fields.nullable(fields.text)),
      modelContext: fields.optional(parts.context),
      stream: fields.optional(fields.flag),
      maxRetriesOnError: fields.optional(fields.integer),
      approval: fields.optional(either(isYes, yes, namedFunction())),
      sources: fields.optional(fields.list(fields.text)),
      languages: fields.optional(fields.list(fields.text)),
      timeoutMs: fields.optional(fields.number),
      idempotent: fields.optional(fields.flag),
      budget: fields.optional(budgetField),
      prices: fields.optional(pricesField),
      ...guardFields,
    },
    create: (options) => new CodeExecutorAgent(options),
    foreign: [autoGenRunner()],
  });
}

/** AutoGen's agent that runs programs. */
function autoGenRunner(): ForeignForm<CodeExecutorAgentOptions> {
  return defineForeignForm<CodeExecutorAgentOptions, AutoGenRunner>({
    dialect: "autogen",
    provider: "autogen_agentchat.agents.CodeExecutorAgent",
    fields: {
      name: fields.text,
      code_executor: parts.executor,
      model_client: fields.optional(modelField),
      description: fields.optional(fields.text),
      sources: fields.optional(fields.list(fields.text)),
      system_message: fields.optional(fields.text),
      model_client_stream: fields.optional(fields.flag),
      model_context: fields.optional(parts.context),
      supported_languages: fields.optional(fields.list(fields.text)),
    },
    toOptions: fromRunner,
    covers: [
      "name",
      "executor",
      "model",
      "description",
      "sources",
      "systemMessage",
      "stream",
      "modelContext",
      "languages",
    ],
    toConfig: (options) => ({
      name: options.name,
      code_executor: options.executor,
      model_client: options.model,
      description: options.description ?? "Runs programs and answers with what they print",
      sources: options.sources,
      system_message: options.systemMessage ?? undefined,
      model_client_stream: options.stream ?? false,
      model_context: options.modelContext,
      supported_languages: options.languages,
    }),
  });
}

/** What AutoGen says of the model of an agent that has none does not count. */
function fromRunner(config: AutoGenRunner): CodeExecutorAgentOptions {
  const { model_client: model, model_context: context, sources } = config;
  return {
    name: config.name,
    executor: config.code_executor,
    ...(config.description !== undefined && { description: config.description }),
    ...(config.supported_languages !== undefined && { languages: config.supported_languages }),
    ...(model === undefined && sources !== undefined && { sources }),
    ...(model !== undefined && {
      model,
      systemMessage: config.system_message ?? null,
      stream: config.model_client_stream ?? false,
      ...(context !== undefined && context.isUnlimited !== true && { modelContext: context }),
    }),
  };
}

interface AutoGenSociety {
  readonly name: string;
  readonly team: Participant;
  readonly model_client: SocietyOfMindAgentOptions["model"];
  readonly description?: string | undefined;
  readonly instruction?: string | undefined;
  readonly response_prompt?: string | undefined;
  readonly model_context?: ModelContext | undefined;
}

/** A team that speaks with one voice as a document. */
export function societyOfMindComponent(): Component {
  return defineComponent<SocietyOfMindAgentOptions>({
    provider: "@troupe/agentchat/SocietyOfMindAgent",
    type: "agent",
    description: "A team that works on a task and answers with one voice.",
    fields: {
      name: fields.text,
      team: parts.participant,
      model: modelField,
      description: fields.optional(fields.text),
      instruction: fields.optional(fields.text),
      responsePrompt: fields.optional(fields.text),
      modelContext: fields.optional(parts.context),
      stream: fields.optional(fields.flag),
      budget: fields.optional(budgetField),
      prices: fields.optional(pricesField),
      ...guardFields,
    },
    create: (options) => new SocietyOfMindAgent(options),
    foreign: [autoGenSociety()],
  });
}

/** AutoGen's society of mind. */
function autoGenSociety(): ForeignForm<SocietyOfMindAgentOptions> {
  return defineForeignForm<SocietyOfMindAgentOptions, AutoGenSociety>({
    dialect: "autogen",
    provider: "autogen_agentchat.agents.SocietyOfMindAgent",
    fields: {
      name: fields.text,
      team: parts.participant,
      model_client: modelField,
      description: fields.optional(fields.text),
      instruction: fields.optional(fields.text),
      response_prompt: fields.optional(fields.text),
      model_context: fields.optional(parts.context),
    },
    toOptions: ({ name, team, model_client, description, instruction, response_prompt, model_context: context }) => ({
      name,
      team,
      model: model_client,
      ...(description !== undefined && { description }),
      ...(instruction !== undefined && { instruction }),
      ...(response_prompt !== undefined && { responsePrompt: response_prompt }),
      ...(context !== undefined && context.isUnlimited !== true && { modelContext: context }),
    }),
    covers: ["name", "team", "model", "description", "instruction", "responsePrompt", "modelContext", "stream"],
    toConfig: (options) => ({
      name: options.name,
      team: options.team,
      model_client: options.model,
      description: options.description,
      instruction: options.instruction,
      response_prompt: options.responsePrompt,
      model_context: options.modelContext ?? unboundedContext(),
    }),
  });
}
