import { ConfigError } from "@troupe/core";
import type { ModelOptions } from "./model-options.ts";

/** The providers that `model()` knows, by the prefix of their ids. */
export const providerNames = [
  "openai",
  "azure",
  "anthropic",
  "google",
  "mistral",
  "bedrock",
  "ollama",
  "openai-compatible",
] as const;

/** One of the providers that `model()` knows. */
export type ProviderName = (typeof providerNames)[number];

/** The environment keys are read from. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Options in which the key is a key. */
export type ResolvedModelOptions = Omit<ModelOptions, "apiKey"> & { readonly apiKey?: string | undefined };

/** How one provider is loaded and set up. */
export interface ProviderEntry {
  /** The npm package that holds it. */
  readonly packageName: string;
  /** Names under which versions of the package export the function that makes the provider; the first found counts. */
  readonly factories: readonly string[];
  /** The AI SDK's name for its models: decides capabilities and history rules before the package is loaded. */
  readonly profile: string;
  /** Settings for the factory. @throws ConfigError `config.missing_key` when a key or address is missing. */
  settings(options: ResolvedModelOptions, environment: Environment): Readonly<Record<string, unknown>>;
  /** The method of the provider that makes a model; without one the provider itself is called. */
  method?(options: ResolvedModelOptions): string;
}

/** Where a local Ollama listens unless OLLAMA_HOST says otherwise. */
const ollamaAddress = "http://127.0.0.1:11434";

/** How each provider is reached. */
export const providers: Readonly<Record<ProviderName, ProviderEntry>> = {
  openai: {
    packageName: "@ai-sdk/openai",
    factories: ["createOpenAI"],
    profile: "openai",
    settings: (options, environment) => ({ ...common(options), apiKey: keyOf("OPENAI_API_KEY", options, environment) }),
    method: (options) => options.api ?? "responses",
  },
  azure: {
    packageName: "@ai-sdk/azure",
    factories: ["createAzure"],
    profile: "azure",
    settings: azureSettings,
    method: (options) => options.api ?? "responses",
  },
  anthropic: {
    packageName: "@ai-sdk/anthropic",
    factories: ["createAnthropic"],
    profile: "anthropic",
    settings: (options, environment) => ({
      ...common(options),
      apiKey: keyOf("ANTHROPIC_API_KEY", options, environment),
    }),
  },
  google: {
    packageName: "@ai-sdk/google",
    factories: ["createGoogle", "createGoogleGenerativeAI"],
    profile: "google",
    settings: (options, environment) => ({
      ...common(options),
      apiKey: keyOf("GOOGLE_GENERATIVE_AI_API_KEY", options, environment),
    }),
  },
  mistral: {
    packageName: "@ai-sdk/mistral",
    factories: ["createMistral"],
    profile: "mistral",
    settings: (options, environment) => ({
      ...common(options),
      apiKey: keyOf("MISTRAL_API_KEY", options, environment),
    }),
  },
  bedrock: {
    packageName: "@ai-sdk/amazon-bedrock",
    factories: ["createAmazonBedrock"],
    profile: "amazon-bedrock",
    settings: bedrockSettings,
  },
  ollama: {
    packageName: "@ai-sdk/openai-compatible",
    factories: ["createOpenAICompatible"],
    profile: "ollama",
    settings: (options, environment) => ({
      ...compatible("ollama", options),
      baseURL: options.baseUrl ?? `${ollamaHost(environment)}/v1`,
      supportsStructuredOutputs: true,
      ...(options.apiKey !== undefined && { apiKey: options.apiKey }),
    }),
    method: () => "chatModel",
  },
  "openai-compatible": {
    packageName: "@ai-sdk/openai-compatible",
    factories: ["createOpenAICompatible"],
    profile: "openai-compatible",
    settings: compatibleSettings,
    method: () => "chatModel",
  },
};

/** What all factories understand. */
function common(options: ResolvedModelOptions): Readonly<Record<string, unknown>> {
  return {
    ...(options.baseUrl !== undefined && { baseURL: options.baseUrl }),
    ...(options.headers !== undefined && { headers: options.headers }),
    ...(options.fetch !== undefined && { fetch: options.fetch }),
  };
}

function compatible(name: string, options: ResolvedModelOptions): Readonly<Record<string, unknown>> {
  const isNative = options.capabilities?.structuredOutput === "native";
  return { ...common(options), name, includeUsage: true, supportsStructuredOutputs: isNative };
}

function compatibleSettings(
  options: ResolvedModelOptions,
  environment: Environment,
): Readonly<Record<string, unknown>> {
  const apiKey = options.apiKey ?? present(environment["OPENAI_COMPATIBLE_API_KEY"]);
  const baseURL = options.baseUrl ?? present(environment["OPENAI_COMPATIBLE_BASE_URL"]);
  if (baseURL === undefined) throw missing("OPENAI_COMPATIBLE_BASE_URL", "`baseUrl`", "The address of the server");
  return { ...compatible("openai-compatible", options), baseURL, ...(apiKey !== undefined && { apiKey }) };
}

function azureSettings(options: ResolvedModelOptions, environment: Environment): Readonly<Record<string, unknown>> {
  const resourceName = options.settings?.["resourceName"] ?? present(environment["AZURE_RESOURCE_NAME"]);
  if (options.baseUrl === undefined && resourceName === undefined)
    throw missing("AZURE_RESOURCE_NAME", "`baseUrl`", "The Azure resource");
  const usesToken = options.settings?.["tokenProvider"] !== undefined;
  return {
    ...common(options),
    ...(resourceName !== undefined && { resourceName }),
    ...(!usesToken && { apiKey: keyOf("AZURE_API_KEY", options, environment) }),
  };
}

/** A bearer token, or an access key with its secret, or a `credentialProvider` in `settings`. */
function bedrockSettings(options: ResolvedModelOptions, environment: Environment): Readonly<Record<string, unknown>> {
  const region = present(environment["AWS_REGION"]);
  const base = { ...common(options), ...(region !== undefined && { region }) };
  if (options.settings?.["credentialProvider"] !== undefined || options.settings?.["accessKeyId"] !== undefined)
    return base;
  const apiKey = options.apiKey ?? present(environment["AWS_BEARER_TOKEN_BEDROCK"]);
  if (apiKey !== undefined) return { ...base, apiKey };
  const accessKeyId = present(environment["AWS_ACCESS_KEY_ID"]);
  const secretAccessKey = present(environment["AWS_SECRET_ACCESS_KEY"]);
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw missing("AWS_BEARER_TOKEN_BEDROCK (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)", "`apiKey`", "The key");
  }
  const sessionToken = present(environment["AWS_SESSION_TOKEN"]);
  return { ...base, accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

/** OLLAMA_HOST as Ollama reads it: `host`, `host:port` or a URL; a server that listens everywhere is asked on loopback. */
function ollamaHost(environment: Environment): string {
  const host = present(environment["OLLAMA_HOST"]);
  if (host === undefined) return ollamaAddress;
  const withScheme = /^https?:\/\//.test(host) ? host : `http://${host}`;
  const withPort =
    /^https?:\/\/[^/]*:\d+/.test(withScheme) || withScheme.startsWith("https://")
      ? withScheme
      : `${withScheme.replace(/\/+$/, "")}:11434`;
  return withPort.replace("//0.0.0.0", "//127.0.0.1").replace(/\/+$/, "");
}

function keyOf(variable: string, options: ResolvedModelOptions, environment: Environment): string {
  const key = options.apiKey ?? present(environment[variable]);
  if (key === undefined) throw missing(variable, "`apiKey`", "The key");
  return key;
}

/** An empty variable is an unset one. */
function present(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === "" ? undefined : value.trim();
}

function missing(variable: string, option: string, what: string): ConfigError {
  return new ConfigError("config.missing_key", `${what} is missing: the environment variable ${variable} is not set.`, {
    remedy: `Set ${variable}, or pass the option ${option}.`,
    details: { variable },
  });
}
