import { ConfigError, type JsonObject, type JsonValue } from "../errors/index.ts";
import { type Component, type ComponentForm, ownDialect } from "./component.ts";
import { type ComponentDocument, copyDocument, isJsonObject } from "./document.ts";
import { describe } from "./field.ts";
import { keptOptions } from "./keep-options.ts";
import { DumpPlace, LoadPlace } from "./place.ts";
import { registrySchema } from "./registry-schema.ts";

/** What a registry is made of: what the program allows documents to name. */
export interface ComponentRegistryOptions {
  readonly components: readonly Component[];
  /** Functions and schemas of the program, by the name that documents say: `{ "$named": "..." }`. */
  readonly named?: Readonly<Record<string, unknown>> | undefined;
}

/** How a component is written. */
export interface DumpOptions {
  /** `troupe` (default), or another system's: `autogen`. */
  readonly dialect?: string | undefined;
}

/**
 * The kinds of components that documents of a program may describe. A provider that is not in it does not exist: nothing is imported,
 * evaluated or looked up anywhere else.
 */
export interface ComponentRegistry {
  /**
   * Makes what a document describes, with everything inside it.
   *
   * @param document an object or JSON text, from whomever: it runs no code.
   * @throws ConfigError `config.invalid_document` or `config.unknown_component`, naming the place.
   */
  load(document: unknown): object;
  /**
   * Writes down what an object was made of.
   *
   * @throws ConfigError `config.not_dumpable` naming the place: a function without a name, a secret, a class that is not registered.
   */
  dump(value: object, options?: DumpOptions): ComponentDocument;
  /** JSON Schema (2020-12) of the documents that can be loaded, for editors. */
  schema(): JsonObject;
  /** Every provider that documents may name, other systems' names included. */
  readonly providers: readonly string[];
  /** A registry whose components are changed: to put one model in the place of all. */
  map(change: (component: Component) => Component): ComponentRegistry;
  /** A registry that knows more. */
  with(more: Partial<ComponentRegistryOptions>): ComponentRegistry;
}

/**
 * Makes a registry.
 *
 * @throws ConfigError `config.duplicate_name` for a provider that is there twice.
 */
export function createComponentRegistry(options: ComponentRegistryOptions): ComponentRegistry {
  const { components } = options;
  const forms = indexForms(components);
  const values = new Map(Object.entries(options.named ?? {}));
  const names = new Map([...values].map(([name, value]) => [value, name] as const));
  const loader = {
    load: (document: JsonValue, type: string, place: LoadPlace): object =>
      loadAt(document, { type, place, forms, components }),
    named: (name: string): unknown => values.get(name),
  };
  const dumper = {
    dump: (value: object, type: string, place: DumpPlace): JsonValue => ({
      ...dumpAt(value, { type, place, components }),
    }),
    nameOf: (value: unknown): string | undefined => names.get(value),
  };
  return {
    load: (document) => loader.load(copyDocument(document), "", new LoadPlace("", loader)),
    dump: (value, { dialect = ownDialect } = {}) =>
      dumpAt(value, { type: "", place: new DumpPlace("", dumper, dialect), components }),
    schema: () => registrySchema(components),
    providers: [...forms.keys()],
    map: (change) => createComponentRegistry({ ...options, components: components.map(change) }),
    with: (more) =>
      createComponentRegistry({
        components: [...components, ...(more.components ?? [])],
        named: { ...options.named, ...more.named },
      }),
  };
}

/** A form with the type of what it makes: other systems name types in their own way. */
interface KnownForm {
  readonly form: ComponentForm;
  readonly type: string;
}

function indexForms(components: readonly Component[]): ReadonlyMap<string, KnownForm> {
  const forms = new Map<string, KnownForm>();
  for (const { forms: own, type } of components) {
    for (const form of own) {
      if (forms.has(form.provider)) throw duplicateProvider(form.provider);
      forms.set(form.provider, { form, type });
    }
  }
  return forms;
}

function duplicateProvider(provider: string): ConfigError {
  return new ConfigError("config.duplicate_name", `Two components have the provider "${provider}"`, {
    remedy: "Register each component once.",
    details: { name: provider },
  });
}

interface LoadRequest {
  /** Types that may stand here, joined by " or "; empty for any. */
  readonly type: string;
  readonly place: LoadPlace;
  readonly forms: ReadonlyMap<string, KnownForm>;
  readonly components: readonly Component[];
}

function loadAt(document: JsonValue, { type, place, forms, components }: LoadRequest): object {
  if (typeof document === "string") {
    const short = components.find((component) => component.type === type && component.fromText !== undefined);
    if (short?.fromText !== undefined) return short.fromText(document, place);
  }
  if (!isJsonObject(document)) throw place.invalid(`is ${describe(document)}, not a component document`);
  const provider = field(document, "provider");
  if (typeof provider !== "string") throw place.at("provider").invalid(`is ${describe(provider)}, not a text`);
  const known = forms.get(provider);
  if (known === undefined) throw unknownProvider(provider, place);
  const { form } = known;
  if (!isOfType(known.type, type))
    throw place.at("provider").invalid(`names a component of type ${known.type}; here stands one of type ${type}`);
  const config = field(document, "config");
  if (!isJsonObject(config)) throw place.at("config").invalid(`is ${describe(config)}, not an object`);
  return form.load(config, versionOf(document, form, place), place.at("config"));
}

/** @param wanted types joined by " or "; empty for any. */
function isOfType(type: string, wanted: string): boolean {
  return wanted === "" || wanted.split(" or ").includes(type);
}

function field(document: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(document, name) ? document[name] : undefined;
}

function versionOf(document: JsonObject, form: ComponentForm, place: LoadPlace): number {
  const newest = form.versions.at(-1) ?? 1;
  const given = field(document, "component_version") ?? newest;
  // AutoGen writes 0 for "the newest".
  if (given === 0) return newest;
  if (typeof given === "number" && form.versions.includes(given)) return given;
  throw place
    .at("component_version")
    .invalid(`is ${describe(given)}; of "${form.provider}" these are known: ${form.versions.join(", ")}`);
}

function unknownProvider(provider: string, place: LoadPlace): ConfigError {
  const shown = provider.length <= 200 ? provider : `${provider.slice(0, 200)}...`;
  return place
    .at("provider")
    .unknown(
      `names ${JSON.stringify(shown)}, which the program did not register`,
      "Register a component for this provider, or use one of `registry.providers`: nothing is ever loaded by name.",
    );
}

interface DumpRequest {
  readonly type: string;
  readonly place: DumpPlace;
  readonly components: readonly Component[];
}

function dumpAt(value: object, { type, place, components }: DumpRequest): ComponentDocument {
  const found = recognize(value, type, components);
  if (found === undefined) throw unknownObject(value, place);
  const { component, options } = found;
  const form = component.forms.find((one) => one.dialect === place.dialect && one.writes(options));
  if (form === undefined)
    throw place.refuse(
      `is a ${component.provider}, which has no form in the dialect "${place.dialect}"`,
      "Use another component, or dump without a dialect.",
    );
  const version = form.versions.at(-1) ?? 1;
  return {
    provider: form.provider,
    component_type: form.type,
    version,
    component_version: version,
    description: component.description,
    label: component.provider.slice(component.provider.lastIndexOf("/") + 1),
    config: form.dump(options, place.at("config")),
  };
}

interface Recognized {
  readonly component: Component;
  readonly options: object;
}

/** What the program registered by name comes before what an object says of itself. */
function recognize(value: object, type: string, components: readonly Component[]): Recognized | undefined {
  for (const component of components) {
    const options = isOfType(component.type, type) ? component.recognize?.(value) : undefined;
    if (options !== undefined) return { component, options };
  }
  const kept = keptOptions(value);
  const component = kept && components.find(({ provider }) => provider === kept.provider);
  return component && { component, options: kept.options };
}

function unknownObject(value: object, place: DumpPlace): ConfigError {
  const kept = keptOptions(value);
  const what = kept === undefined ? `a ${value.constructor.name}` : `a ${kept.provider}`;
  return place.refuse(
    `is ${what}, which the registry does not know`,
    "Register its component (of a tool, workbench, memory or executor: the object itself), or keep it in code.",
  );
}
