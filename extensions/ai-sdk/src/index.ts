export { model } from "./model.ts";
export { modelComponent, type ModelComponentOptions, type ModelDocument } from "./model-component.ts";
export type { ModelDefaults, ModelOptions } from "./model-options.ts";
export { type ModelId, type ParsedModelId, parseModelId } from "./model-id.ts";
export { type ProviderName, providerNames } from "./providers.ts";
