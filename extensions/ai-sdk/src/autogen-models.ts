import {
  defineForeignForm,
  type DumpPlace,
  type Field,
  fields,
  type ForeignForm,
  type JsonObject,
  type JsonValue,
  type SecretReference,
} from "@troupe/core";
import { type AutoGenModelInfo, autoGenModelInfo, fromModelInfo, toModelInfo } from "@troupe/llm";
import type { ModelDocument } from "./model-component.ts";
import type { ModelDefaults } from "./model-options.ts";

/** Settings that AutoGen's clients share. */
interface CommonConfig {
  readonly model: string;
  readonly api_key?: SecretReference | undefined;
  readonly temperature?: number | undefined;
  readonly top_p?: number | undefined;
  readonly max_tokens?: number | undefined;
  readonly model_info?: AutoGenModelInfo | undefined;
  /** The same in older documents. */
  readonly model_capabilities?: Omit<AutoGenModelInfo, "family"> | undefined;
  readonly timeout?: number | undefined;
  readonly max_retries?: number | undefined;
}

interface OpenAiConfig extends CommonConfig {
  readonly base_url?: string | undefined;
  readonly organization?: string | undefined;
  readonly seed?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly parallel_tool_calls?: boolean | undefined;
  readonly reasoning_effort?: string | undefined;
  readonly logit_bias?: Readonly<Record<string, number>> | undefined;
  readonly default_headers?: Readonly<Record<string, string>> | undefined;
  readonly frequency_penalty?: JsonValue | undefined;
  readonly presence_penalty?: JsonValue | undefined;
  readonly n?: JsonValue | undefined;
  readonly response_format?: JsonValue | undefined;
  readonly stream_options?: JsonValue | undefined;
  readonly add_name_prefixes?: JsonValue | undefined;
  readonly include_name_in_message?: JsonValue | undefined;
}

/** AutoGen writes stars for a key that it was given; they mean "the usual variable". */
const starredSecret: Field<SecretReference | undefined> = {
  ...fields.secret,
  isOptional: true,
  read: (value, place) =>
    typeof value === "string" && /^\*+$/.test(value) ? undefined : fields.secret.read(value, place),
};

const words: Field<readonly string[]> = {
  ...fields.list(fields.text),
  read: (value, place) => (typeof value === "string" ? [value] : fields.list(fields.text).read(value, place)),
};

const common = {
  model: fields.text,
  api_key: starredSecret,
  temperature: /* @__PURE__ */ fields.optional(fields.number),
  top_p: /* @__PURE__ */ fields.optional(fields.number),
  max_tokens: /* @__PURE__ */ fields.optional(fields.integer),
  model_info: /* @__PURE__ */ fields.optional(autoGenModelInfo),
  model_capabilities: /* @__PURE__ */ fields.optional(
    fields.object<Omit<AutoGenModelInfo, "family">>({
      vision: fields.flag,
      function_calling: fields.flag,
      json_output: fields.flag,
      structured_output: fields.optional(fields.flag),
      multiple_system_messages: fields.optional(fields.flag),
    }),
  ),
  timeout: /* @__PURE__ */ fields.optional(fields.number),
  max_retries: /* @__PURE__ */ fields.optional(fields.integer),
} as const;

const openAi = {
  ...common,
  base_url: /* @__PURE__ */ fields.optional(fields.text),
  organization: /* @__PURE__ */ fields.optional(fields.text),
  seed: /* @__PURE__ */ fields.optional(fields.integer),
  stop: /* @__PURE__ */ fields.optional(words),
  user: /* @__PURE__ */ fields.optional(fields.text),
  parallel_tool_calls: /* @__PURE__ */ fields.optional(fields.flag),
  reasoning_effort: /* @__PURE__ */ fields.optional(fields.text),
  logit_bias: /* @__PURE__ */ fields.optional(fields.map(fields.number)),
  default_headers: /* @__PURE__ */ fields.optional(fields.openTexts),
  frequency_penalty: /* @__PURE__ */ fields.fixed(0),
  presence_penalty: /* @__PURE__ */ fields.fixed(0),
  n: /* @__PURE__ */ fields.fixed(1),
  response_format: /* @__PURE__ */ fields.fixed({ type: "text" }),
  stream_options: /* @__PURE__ */ fields.fixed({ include_usage: true }),
  add_name_prefixes: /* @__PURE__ */ fields.fixed(false),
  include_name_in_message: /* @__PURE__ */ fields.fixed(true),
} as const;

/** What AutoGen's clients are here. The one for OpenAI is written; the others are read. */
export function autoGenForms(): readonly ForeignForm<ModelDocument>[] {
  const openAiNames = [
    "autogen_ext.models.openai.OpenAIChatCompletionClient",
    "OpenAIChatCompletionClient",
    "openai_chat_completion_client",
  ];
  const azureNames = [
    "autogen_ext.models.openai.AzureOpenAIChatCompletionClient",
    "AzureOpenAIChatCompletionClient",
    "azure_openai_chat_completion_client",
  ];
  const ollamaNames = ["autogen_ext.models.ollama.OllamaChatCompletionClient", "OllamaChatCompletionClient"];
  return [
    ...openAiNames.map((provider, index) => openAiForm(provider, index === 0)),
    ...azureNames.map(azureForm),
    anthropicForm(),
    ...ollamaNames.map(ollamaForm),
  ];
}

function openAiForm(provider: string, isMain: boolean): ForeignForm<ModelDocument> {
  return defineForeignForm<ModelDocument, OpenAiConfig>({
    dialect: "autogen",
    provider,
    writes: () => isMain,
    fields: openAi,
    toOptions: fromOpenAi,
    covers: ["id", "baseUrl", "apiKey", "headers", "timeouts", "retry", "capabilities", "api", "settings", "defaults"],
    toConfig: toOpenAi,
  });
}

/** Where AutoGen's OpenAI client sends the models of others, by the start of their names. */
const routes = [
  { start: "gemini-", provider: "google" },
  { start: "claude-", provider: "anthropic" },
] as const;

function fromOpenAi(config: OpenAiConfig): ModelDocument {
  const route = config.base_url === undefined ? routes.find(({ start }) => config.model.startsWith(start)) : undefined;
  const provider = route?.provider ?? "openai";
  const options = {
    ...(config.user !== undefined && { user: config.user }),
    ...(config.parallel_tool_calls !== undefined && { parallelToolCalls: config.parallel_tool_calls }),
    ...(config.reasoning_effort !== undefined && { reasoningEffort: config.reasoning_effort }),
    ...(config.logit_bias !== undefined && { logitBias: config.logit_bias }),
  };
  const defaults: ModelDefaults = {
    ...commonDefaults(config),
    ...(config.seed !== undefined && { seed: config.seed }),
    ...(config.stop !== undefined && { stopSequences: config.stop }),
    ...(Object.keys(options).length > 0 && { providerOptions: { [provider]: options } }),
  };
  return {
    id: `${provider}:${config.model}`,
    ...(provider === "openai" && { api: "chat" as const }),
    ...(config.base_url !== undefined && { baseUrl: config.base_url }),
    ...(config.organization !== undefined && { settings: { organization: config.organization } }),
    ...(config.default_headers !== undefined && { headers: config.default_headers }),
    ...(Object.keys(defaults).length > 0 && { defaults }),
    ...(provider === "google" && { apiKey: { $env: "GEMINI_API_KEY" } }),
    ...commonOptions(config),
  };
}

function commonDefaults(config: CommonConfig): ModelDefaults {
  return {
    ...(config.temperature !== undefined && { temperature: config.temperature }),
    ...(config.top_p !== undefined && { topP: config.top_p }),
    ...(config.max_tokens !== undefined && { maxOutputTokens: config.max_tokens }),
  };
}

function commonOptions(config: CommonConfig): Omit<ModelDocument, "id"> {
  const info = config.model_info ?? (config.model_capabilities && { ...config.model_capabilities, family: "unknown" });
  return {
    ...(config.api_key !== undefined && { apiKey: config.api_key }),
    ...(config.timeout !== undefined && { timeouts: { totalMs: config.timeout * 1000 } }),
    ...(config.max_retries !== undefined && { retry: { retries: config.max_retries } }),
    ...(info !== undefined && { capabilities: fromModelInfo(info) }),
  };
}

/** Variables that AutoGen's client reads by itself, by provider. */
const usualVariables: Readonly<Record<string, string>> = {
  openai: "OPENAI_API_KEY",
  google: "GEMINI_API_KEY",
  anthropic: "ANTHROPIC_API_KEY",
};

function toOpenAi(options: ModelDocument, place: DumpPlace): OpenAiConfig {
  const { id, defaults = {} } = options;
  const provider = id.slice(0, id.indexOf(":"));
  const model = id.slice(provider.length + 1);
  checkProvider(provider, model, place);
  checkSaid(options, provider, place);
  const own = defaults.providerOptions?.[provider];
  const given: JsonObject = isObject(own) ? own : {};
  const { user, parallelToolCalls, reasoningEffort, logitBias } = given;
  return {
    model,
    base_url: options.baseUrl,
    organization: textIn(options.settings, "organization"),
    temperature: defaults.temperature,
    top_p: defaults.topP,
    max_tokens: defaults.maxOutputTokens,
    seed: defaults.seed,
    stop: defaults.stopSequences,
    user: typeof user === "string" ? user : undefined,
    parallel_tool_calls: typeof parallelToolCalls === "boolean" ? parallelToolCalls : undefined,
    reasoning_effort: typeof reasoningEffort === "string" ? reasoningEffort : undefined,
    logit_bias: isNumbers(logitBias) ? logitBias : undefined,
    default_headers: options.headers,
    timeout: options.timeouts?.totalMs === undefined ? undefined : options.timeouts.totalMs / 1000,
    max_retries: options.retry === undefined || options.retry === false ? undefined : options.retry.retries,
    model_info: options.capabilities === undefined ? undefined : toModelInfo(options.capabilities),
  };
}

function checkProvider(provider: string, model: string, place: DumpPlace): void {
  if (provider === "openai" || routes.some((route) => route.provider === provider && model.startsWith(route.start)))
    return;
  throw place
    .at("model")
    .refuse(
      `is "${provider}:${model}", and AutoGen's OpenAI client has no way to it`,
      "Give AutoGen a client of its own.",
    );
}

/** What AutoGen's client cannot be told must not get lost. */
function checkSaid(
  { apiKey, retry, settings = {}, defaults = {} }: ModelDocument,
  provider: string,
  place: DumpPlace,
): void {
  const variable = typeof apiKey === "object" ? apiKey.$env : undefined;
  if (apiKey !== undefined && variable !== usualVariables[provider])
    throw place
      .at("api_key")
      .refuse(
        "is a key that AutoGen's documents cannot refer to",
        `Put it into ${usualVariables[provider] ?? "the usual variable"} and leave apiKey out.`,
      );
  if (retry === false) throw place.at("max_retries").refuse("is switched off", "Give a number of retries.");
  const stray = Object.keys(settings).find((name) => name !== "organization");
  if (stray !== undefined)
    throw place.at(stray).refuse("is a setting that AutoGen's client does not have", "Leave it out.");
  const strayOptions = Object.keys(defaults.providerOptions ?? {}).find((name) => name !== provider);
  if (strayOptions !== undefined)
    throw place.at(strayOptions).refuse("are options of another provider", "Leave them out.");
}

interface AzureConfig extends OpenAiConfig {
  readonly azure_endpoint: string;
  readonly azure_deployment?: string | undefined;
  readonly api_version: string;
}

function azureForm(provider: string): ForeignForm<ModelDocument> {
  const { base_url: _base, organization: _organization, ...others } = openAi;
  return defineForeignForm<ModelDocument, Omit<AzureConfig, "base_url" | "organization">>({
    dialect: "autogen",
    provider,
    writes: () => false,
    fields: {
      ...others,
      azure_endpoint: fields.text,
      azure_deployment: fields.optional(fields.text),
      api_version: fields.text,
    },
    toOptions: ({ azure_endpoint, azure_deployment, api_version, ...config }) => ({
      ...fromOpenAi({ ...config, base_url: `${azure_endpoint.replace(/\/+$/, "")}/openai` }),
      id: `azure:${azure_deployment ?? config.model}`,
      apiKey: config.api_key ?? { $env: "AZURE_OPENAI_API_KEY" },
      settings: { apiVersion: api_version, useDeploymentBasedUrls: true },
    }),
    covers: [],
    toConfig: (_, place) => {
      throw place.refuse("is a form that is only read", "Dump without a dialect.");
    },
  });
}

function anthropicForm(): ForeignForm<ModelDocument> {
  return defineForeignForm<ModelDocument, CommonConfig & { readonly base_url?: string | undefined }>({
    dialect: "autogen",
    provider: "autogen_ext.models.anthropic.AnthropicChatCompletionClient",
    writes: () => false,
    fields: { ...common, base_url: fields.optional(fields.text) },
    toOptions: (config) => ({
      id: `anthropic:${config.model}`,
      ...(config.base_url !== undefined && { baseUrl: `${config.base_url.replace(/\/+$/, "")}/v1` }),
      ...(Object.keys(commonDefaults(config)).length > 0 && { defaults: commonDefaults(config) }),
      ...commonOptions(config),
    }),
    covers: [],
    toConfig: (_, place) => {
      throw place.refuse("is a form that is only read", "Dump without a dialect.");
    },
  });
}

interface OllamaConfig extends Pick<CommonConfig, "model" | "model_info" | "timeout"> {
  readonly host?: string | undefined;
}

function ollamaForm(provider: string): ForeignForm<ModelDocument> {
  return defineForeignForm<ModelDocument, OllamaConfig>({
    dialect: "autogen",
    provider,
    writes: () => false,
    fields: {
      model: fields.text,
      host: fields.optional(fields.text),
      timeout: fields.optional(fields.number),
      model_info: fields.optional(autoGenModelInfo),
    },
    toOptions: (config) => ({
      id: `ollama:${config.model}`,
      ...(config.host !== undefined && { baseUrl: `${config.host.replace(/\/+$/, "")}/v1` }),
      ...commonOptions(config),
    }),
    covers: [],
    toConfig: (_, place) => {
      throw place.refuse("is a form that is only read", "Dump without a dialect.");
    },
  });
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textIn(values: Readonly<Record<string, unknown>> | undefined, name: string): string | undefined {
  const value = values?.[name];
  return typeof value === "string" ? value : undefined;
}

function isNumbers(value: unknown): value is Readonly<Record<string, number>> {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every((one) => typeof one === "number");
}
