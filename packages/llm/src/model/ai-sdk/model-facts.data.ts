import type { ModelCapabilities } from "../chat-model.ts";

/** What we know of a family of models; later entries win over earlier ones. */
export interface ModelFacts {
  /** Matched against the AI SDK's provider name and the model id, both lower case. */
  readonly provider: RegExp;
  readonly model: RegExp;
  readonly capabilities: Partial<ModelCapabilities>;
}

/** Windows and abilities as the providers document them (checked 2025-11-01); whatever is not listed gets the honest defaults. */
export const modelFacts: readonly ModelFacts[] = [
  { provider: /^(openai|azure)\b/, model: /./, capabilities: { structuredOutput: "native" } },
  { provider: /^(openai|azure)\b/, model: /^gpt-5/, capabilities: { contextWindow: 400_000 } },
  { provider: /^(openai|azure)\b/, model: /^gpt-4\.1/, capabilities: { contextWindow: 1_047_576 } },
  { provider: /^(openai|azure)\b/, model: /^gpt-4o/, capabilities: { contextWindow: 128_000 } },
  { provider: /^(openai|azure)\b/, model: /^(o3|o4-mini)/, capabilities: { contextWindow: 200_000 } },
  {
    provider: /^(openai|azure)\b/,
    model: /^gpt-3\.5/,
    capabilities: { contextWindow: 16_385, vision: false, structuredOutput: "json" },
  },
  { provider: /./, model: /claude/, capabilities: { structuredOutput: "native", contextWindow: 200_000 } },
  {
    provider: /^google|vertex/,
    model: /gemini/,
    capabilities: { structuredOutput: "native", contextWindow: 1_048_576 },
  },
  { provider: /^mistral/, model: /./, capabilities: { structuredOutput: "native" } },
  { provider: /^mistral/, model: /large|medium/, capabilities: { contextWindow: 128_000 } },
];
