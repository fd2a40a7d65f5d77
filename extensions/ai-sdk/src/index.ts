export { model } from "./model.ts";
export type { ModelOptions } from "./model-options.ts";
export { type ModelId, type ParsedModelId, parseModelId } from "./model-id.ts";
export { type ProviderName, providerNames } from "./providers.ts";
