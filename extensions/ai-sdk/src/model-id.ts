import { ConfigError } from "@troupe/core";
import { type ProviderName, providerNames } from "./providers.ts";

/** A model by name: `provider:model`, as in `openai:gpt-5-mini`. */
export type ModelId = `${ProviderName}:${string}`;

/** The two halves of a model id. */
export interface ParsedModelId {
  readonly id: ModelId;
  readonly provider: ProviderName;
  /** Everything behind the first colon: `llama3.2:3b` in `ollama:llama3.2:3b`. */
  readonly modelId: string;
}

/**
 * Reads a model id from a document, an option or a command line.
 *
 * @throws ConfigError `config.invalid_model`, listing the providers, when the text is none.
 */
export function parseModelId(text: string): ParsedModelId {
  const colon = text.indexOf(":");
  const provider = text.slice(0, Math.max(colon, 0));
  const modelId = text.slice(colon + 1).trim();
  if (colon < 0 || !isProviderName(provider) || modelId === "") throw invalidModel(text);
  return { id: `${provider}:${modelId}`, provider, modelId };
}

function isProviderName(text: string): text is ProviderName {
  return providerNames.some((name) => name === text);
}

function invalidModel(text: string): ConfigError {
  return new ConfigError("config.invalid_model", `"${text}" is not a model id.`, {
    remedy: `Write "provider:model" with one of these providers: ${providerNames.join(", ")}.`,
    details: { model: text, providers: [...providerNames] },
  });
}
