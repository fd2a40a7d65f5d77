import type { ModelCapabilities } from "../chat-model.ts";
import { historyRules, type HistoryRules } from "../history/history-rules.ts";
import { modelFacts } from "./model-facts.data.ts";

/**
 * What a model can do as far as we know. For an unknown model we assume that it calls tools and reads images, so that a wrong guess shows
 * as the provider's error and nothing is left out silently, that it gives JSON but follows no schema, and that its window is unknown.
 */
export function knownCapabilities(provider: string, modelId: string): ModelCapabilities {
  const defaults: ModelCapabilities = {
    tools: true,
    parallelToolCalls: true,
    vision: true,
    structuredOutput: "json",
    streaming: true,
    contextWindow: null,
    multipleSystemMessages: rulesOf(provider).systemMessages !== "single",
  };
  const fitting = modelFacts.filter(
    (facts) => facts.provider.test(provider.toLowerCase()) && facts.model.test(modelId.toLowerCase()),
  );
  return fitting.reduce((capabilities, facts) => ({ ...capabilities, ...facts.capabilities }), defaults);
}

/** The rules for histories of a provider, by the AI SDK's name for it (`openai.responses`, `anthropic.messages`). */
export function rulesOf(provider: string): HistoryRules {
  const name = provider.toLowerCase();
  if (/^(openai|azure)/.test(name) && !name.includes("compatible"))
    return historyRules[name.includes("responses") ? "openai-responses" : "openai-chat"];
  if (/anthropic|bedrock/.test(name)) return historyRules.anthropic;
  if (/^google|gemini|vertex/.test(name)) return historyRules.google;
  if (name.startsWith("mistral")) return historyRules.mistral;
  return historyRules["openai-compatible"];
}

/** Where a provider looks for its options, when it is one whose schema mode is strict by itself; by the AI SDK's name for it. */
export function strictKeyOf(provider: string): string | undefined {
  const name = provider.toLowerCase();
  return /^(openai|azure)/.test(name) && !name.includes("compatible") ? "openai" : undefined;
}

/** Rules narrowed by what the model cannot do. */
export function rulesFor(rules: HistoryRules, capabilities: ModelCapabilities): HistoryRules {
  return {
    ...rules,
    images: rules.images && capabilities.vision,
    systemMessages: capabilities.multipleSystemMessages ? rules.systemMessages : "single",
  };
}
