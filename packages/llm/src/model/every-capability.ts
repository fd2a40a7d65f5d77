import type { ModelCapabilities } from "./chat-model.ts";

/** Everything a model can do, with a window that is not known: for models that only play one. */
export const everyCapability: ModelCapabilities = {
  tools: true,
  parallelToolCalls: true,
  vision: true,
  structuredOutput: "native",
  streaming: true,
  contextWindow: null,
  multipleSystemMessages: true,
};
