export {
  type Component,
  type ComponentForm,
  type ComponentOptions,
  defineComponent,
  defineForeignForm,
  type ForeignForm,
} from "./component.ts";
export {
  type ComponentRegistry,
  type ComponentRegistryOptions,
  createComponentRegistry,
  type DumpOptions,
} from "./component-registry.ts";
export type { ComponentDocument } from "./document.ts";
export type { Field, Fields } from "./field.ts";
export { fields } from "./fields.ts";
export { keepOptions, type KeptOptions, keptOptions } from "./keep-options.ts";
export {
  defineNamedComponent,
  type NamedComponentOptions,
  type NamedOptions,
  type StandIn,
} from "./named-component.ts";
export type { DumpPlace, LoadPlace } from "./place.ts";
export { isSecretReference, type SecretReference } from "./reference-fields.ts";
