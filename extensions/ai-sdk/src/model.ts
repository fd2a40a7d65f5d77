import { ConfigError } from "@troupe/core";
import {
  type AiSdkModel,
  type ChatModel,
  deadlineMiddleware,
  fromAiSdk,
  isAiSdkModel,
  knownCapabilities,
  retryMiddleware,
  wrapModel,
} from "@troupe/llm";
import { LazyModel } from "./lazy-model.ts";
import { loadPackage, type ModuleExports } from "./load-package.ts";
import { type ModelId, type ParsedModelId, parseModelId } from "./model-id.ts";
import type { ModelOptions } from "./model-options.ts";
import { type ProviderEntry, providers } from "./providers.ts";

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
  return wrapModel(lazy, options.retry === false ? [deadline] : [retryMiddleware(options.retry), deadline]);
}

async function loadModel(parsed: ParsedModelId, entry: ProviderEntry, options: ModelOptions): Promise<AiSdkModel> {
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
