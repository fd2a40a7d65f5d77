import { ConfigError, isSecretReference, keepOptions } from "@troupe/core";
import {
  type AiSdkModel,
  type ChatModel,
  deadlineMiddleware,
  fromAiSdk,
  isAiSdkModel,
  type JsonObject,
  type JsonValue,
  knownCapabilities,
  type ModelRequest,
  retryMiddleware,
  wrapModel,
} from "@troupe/llm";
import { LazyModel } from "./lazy-model.ts";
import { loadPackage, type ModuleExports } from "./load-package.ts";
import { type ModelId, type ParsedModelId, parseModelId } from "./model-id.ts";
import type { ModelDefaults, ModelOptions } from "./model-options.ts";
import { type ProviderEntry, providers, type ResolvedModelOptions } from "./providers.ts";

/**
 * A model by name, from any provider of the AI SDK that is installed.
 *
 * Returns at once; the provider's package and the key are looked up at the first call, so a program can name models that it never uses.
 * Calls have deadlines, and passing faults are retried with jitter (see `retryMiddleware`).
 *
 * @example
 * ```ts
 * const clerk = new AssistantAgent({ name: "clerk", model: model("openai:gpt-5-mini") });
 * const local = model("ollama:llama3.2:3b");
 * ```
 * @throws ConfigError `config.invalid_model` when the id is malformed. Calls of the model throw ConfigError `config.missing_package` (with
 * the line to run) and `config.missing_key` (with the variable to set), and the errors of `fromAiSdk`.
 */
export function model(id: ModelId, options: ModelOptions = {}): ChatModel {
  const parsed = parseModelId(id);
  const entry = providers[parsed.provider];
  const capabilities = { ...knownCapabilities(entry.profile, parsed.modelId), ...options.capabilities };
  const lazy = new LazyModel({
    name: parsed.id,
    capabilities,
    load: async () => fromAiSdk(await loadModel(parsed, entry, options), { name: parsed.id, capabilities }),
  });
  const deadline = deadlineMiddleware(options.timeouts);
  const around = options.retry === false ? [deadline] : [retryMiddleware(options.retry), deadline];
  const made = wrapModel(withDefaults(lazy, options.defaults), around);
  const { env: _environment, projectFolder: _folder, ...kept } = options;
  return keepOptions({ ...faceOf(made) }, "@troupe/ai-sdk/model", { id, ...kept });
}

/** The model as a plain object: one that nothing else keeps notes on. */
function faceOf(made: ChatModel): ChatModel {
  return {
    kind: made.kind,
    name: made.name,
    capabilities: made.capabilities,
    generate: (request) => made.generate(request),
    stream: (request) => made.stream(request),
  };
}

function withDefaults(chat: ChatModel, defaults: ModelDefaults | undefined): ChatModel {
  if (defaults === undefined) return chat;
  return {
    ...faceOf(chat),
    generate: (request) => chat.generate(fillIn(request, defaults)),
    stream: (request) => chat.stream(fillIn(request, defaults)),
  };
}

/** What the request says comes first; options of providers are laid over each other one by one. */
function fillIn(request: ModelRequest, defaults: ModelDefaults): ModelRequest {
  const said = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
  const providerOptions = mergeOptions(defaults.providerOptions, request.providerOptions);
  return {
    ...defaults,
    ...said,
    messages: request.messages,
    ...(providerOptions !== undefined && { providerOptions }),
  };
}

function mergeOptions(low: JsonObject | undefined, high: JsonObject | undefined): JsonObject | undefined {
  if (low === undefined || high === undefined) return high ?? low;
  const names = new Set([...Object.keys(low), ...Object.keys(high)]);
  return Object.fromEntries([...names].map((name) => [name, mergeValues(low[name], high[name])]));
}

function mergeValues(low: JsonValue | undefined, high: JsonValue | undefined): JsonValue {
  if (isObject(low) && isObject(high)) return { ...low, ...high };
  return high ?? low ?? null;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function loadModel(parsed: ParsedModelId, entry: ProviderEntry, given: ModelOptions): Promise<AiSdkModel> {
  const options = withKey(given);
  const settings = { ...entry.settings(options, options.env ?? process.env), ...options.settings };
  const exported = await loadPackage(entry.packageName, options.projectFolder ?? process.cwd());
  const provider = call(findFactory(exported, entry), undefined, settings);
  const method = entry.method?.(options);
  const made =
    method === undefined
      ? call(provider, undefined, parsed.modelId)
      : call(memberOf(provider, method), provider, parsed.modelId);
  if (isAiSdkModel(made)) return made;
  throw incompatible(entry, "did not make a language model that we understand");
}

/** The options with the key itself where they referred to it. @throws ConfigError `config.missing_key`. */
function withKey(options: ModelOptions): ResolvedModelOptions {
  const { apiKey, ...others } = options;
  if (!isSecretReference(apiKey)) return { ...others, ...(apiKey !== undefined && { apiKey }) };
  const key = (options.env ?? process.env)[apiKey.$env]?.trim();
  if (key !== undefined && key !== "") return { ...others, apiKey: key };
  throw new ConfigError(
    "config.missing_key",
    `The key is missing: the environment variable ${apiKey.$env} is not set.`,
    {
      remedy: `Set ${apiKey.$env}; for models of documents, also lend it to the registry: environment: process.env.`,
      details: { variable: apiKey.$env },
    },
  );
}

function findFactory(exported: ModuleExports, entry: ProviderEntry): unknown {
  const name = entry.factories.find((candidate) => typeof exported[candidate] === "function");
  if (name === undefined) throw incompatible(entry, `exports none of ${entry.factories.join(", ")}`);
  return exported[name];
}

function memberOf(value: unknown, name: string): unknown {
  return (typeof value === "object" || typeof value === "function") && value !== null
    ? Reflect.get(value, name)
    : undefined;
}

function call(target: unknown, self: unknown, argument: unknown): unknown {
  if (typeof target !== "function") return undefined;
  const result: unknown = Reflect.apply(target, self, [argument]);
  return result;
}

function incompatible(entry: ProviderEntry, problem: string): ConfigError {
  return new ConfigError("config.missing_package", `The installed package "${entry.packageName}" ${problem}.`, {
    remedy: `Run: npm install ${entry.packageName}@latest`,
    details: { package: entry.packageName },
  });
}
