import { type ConfigError, type JsonObject, TroupeError } from "../errors/index.ts";
import type { Fields } from "./field.ts";
import { keepOptions, keptOptions } from "./keep-options.ts";
import { type ObjectForm, objectForm } from "./object-field.ts";
import type { DumpPlace, LoadPlace } from "./place.ts";

/** The form of a component in the documents of another system. */
export interface ForeignForm<Options extends object> {
  readonly dialect: string;
  readonly provider: string;
  /** What that system calls its type; default: ours. */
  readonly type?: string | undefined;
  /** Versions of the form that can be read, the one that is written last; default: 1. */
  readonly versions?: readonly number[] | undefined;
  /** Whether these options are written in this form; default: always. The first form of a dialect that takes them is used. */
  readonly writes?: ((options: Options) => boolean) | undefined;
  read(config: JsonObject, place: LoadPlace): Options;
  write(options: Options, place: DumpPlace): JsonObject;
  readonly schema: JsonObject;
}

/** A kind of thing that documents can describe. */
export interface ComponentOptions<Options extends object> {
  /** Package, slash, export: `@troupe/agentchat/AssistantAgent`. */
  readonly provider: string;
  /** `agent`, `team`, `model`, `tool`, `termination`, `workbench`, `memory`, `chat_completion_context`, `code_executor`... */
  readonly type: string;
  /** The version of its own form; default 1. Older ones are read by `upgrade`. */
  readonly version?: number | undefined;
  /** One sentence, for editors. */
  readonly description: string;
  readonly fields: Fields<Options>;
  /** Makes the thing. The program's own code: nothing of a document runs. */
  create(options: Options, place: LoadPlace): object;
  /** Options from a text that stands where the document would: a model's id. */
  readonly shorthand?: ((text: string) => Options) | undefined;
  /** Makes the config of an older version that of the next one. */
  readonly upgrade?: ((config: JsonObject, version: number) => JsonObject) | undefined;
  /** The options of a thing that did not keep its own: one that is known by name. */
  readonly recognize?: ((value: object) => Options | undefined) | undefined;
  /** How other systems write it. */
  readonly foreign?: readonly ForeignForm<Options>[] | undefined;
}

/** One way to write a component down. */
export interface ComponentForm {
  readonly dialect: string;
  readonly provider: string;
  readonly type: string;
  readonly versions: readonly number[];
  /** Whether these options are written in this form. */
  writes(options: object): boolean;
  /** @throws ConfigError naming the place. */
  load(config: JsonObject, version: number, place: LoadPlace): object;
  /** @throws ConfigError naming the place. */
  dump(options: object, place: DumpPlace): JsonObject;
  readonly schema: JsonObject;
}

/** A component as the registry keeps it. Made by `defineComponent`. */
export interface Component {
  readonly provider: string;
  readonly type: string;
  readonly description: string;
  readonly forms: readonly ComponentForm[];
  /** Undefined when it has no short form. */
  readonly fromText: ((text: string, place: LoadPlace) => object) | undefined;
  readonly recognize: ((value: object) => object | undefined) | undefined;
}

/** The dialect of this system. */
export const ownDialect = "troupe";

/** Describes a kind of component to a registry. */
export function defineComponent<Options extends object>(options: ComponentOptions<Options>): Component {
  const own = objectForm<Options>(options.fields);
  const make = (given: Options, place: LoadPlace): object => create(options, given, place);
  const { shorthand } = options;
  return {
    provider: options.provider,
    type: options.type,
    description: options.description,
    forms: [ownForm(options, own, make), ...(options.foreign ?? []).map((form) => foreignForm(form, options, make))],
    fromText: shorthand && ((words, place) => attempt(() => make(shorthand(words), place), { place, config: {} })),
    recognize: options.recognize,
  };
}

type Make<Options> = (given: Options, place: LoadPlace) => object;

function ownForm<Options extends object>(
  { provider, type, version = 1, upgrade }: ComponentOptions<Options>,
  form: ObjectForm<Options>,
  make: Make<Options>,
): ComponentForm {
  const oldest = upgrade === undefined ? version : 1;
  return {
    dialect: ownDialect,
    provider,
    type,
    versions: Array.from({ length: version - oldest + 1 }, (_, index) => oldest + index),
    writes: () => true,
    load: (config, given, place) =>
      attempt(
        () => {
          let current = config;
          for (let old = given; old < version && upgrade !== undefined; old += 1) current = upgrade(current, old);
          return make(form.read(current, place), place);
        },
        { place, config },
      ),
    dump: (options, place) => form.write(options, place),
    schema: form.schema,
  };
}

function foreignForm<Options extends object>(
  form: ForeignForm<Options>,
  options: ComponentOptions<Options>,
  make: Make<Options>,
): ComponentForm {
  return {
    dialect: form.dialect,
    provider: form.provider,
    type: form.type ?? options.type,
    versions: form.versions ?? [1],
    // oxlint-disable-next-line typescript/consistent-type-assertions -- the provider's own class or function kept its own options
    writes: (given) => form.writes?.(given as Options) ?? true,
    load: (config, _version, place) => attempt(() => make(form.read(config, place), place), { place, config }),
    // oxlint-disable-next-line typescript/consistent-type-assertions -- the provider's own class or function kept its own options
    dump: (given, place) => form.write(given as Options, place),
    schema: form.schema,
  };
}

/** Makes the thing and sees to it that it can be written again. */
function create<Options extends object>(
  component: ComponentOptions<Options>,
  options: Options,
  place: LoadPlace,
): object {
  const made = component.create(options, place);
  const isKnown =
    keptOptions(made) !== undefined || component.recognize?.(made) !== undefined || !Object.isExtensible(made);
  return isKnown ? made : keepOptions(made, component.provider, options);
}

interface Attempt {
  readonly place: LoadPlace;
  readonly config: JsonObject;
}

/** Whatever goes wrong while a document is read says where: at the option that the error names, when the document has it. */
function attempt<T>(act: () => T, { place, config }: Attempt): T {
  try {
    return act();
  } catch (error) {
    if (hasPlace(error)) throw error;
    const option = optionIn(error);
    const key = [option, toSnakeCase(option)].find((name) => Object.hasOwn(config, name));
    const where = key === undefined ? place : place.at(key);
    throw where.invalid(`cannot be used: ${messageOf(error)}`, error);
  }
}

function hasPlace(error: unknown): error is ConfigError {
  if (!TroupeError.isTroupeError(error) || typeof error.details?.["path"] !== "string") return false;
  return error.code === "config.invalid_document" || error.code === "config.unknown_component";
}

/** The option that an error is about: errors of options name it, errors of names hold the name. */
function optionIn(error: unknown): string {
  const details = TroupeError.isTroupeError(error) ? error.details : undefined;
  if (typeof details?.["option"] === "string") return details["option"].split(".")[0] ?? "";
  const isOfName = TroupeError.isTroupeError(error) && error.code === "config.invalid_definition";
  return isOfName && typeof details?.["name"] === "string" ? "name" : "";
}

/** The other systems' spelling of an option. */
function toSnakeCase(option: string): string {
  return option.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The form of a component in another system's documents, from its fields there and two translations.
 *
 * @typeParam Config the fields of that system.
 */
export function defineForeignForm<Options extends object, Config extends object>(form: {
  readonly dialect: string;
  readonly provider: string;
  readonly type?: string | undefined;
  readonly versions?: readonly number[] | undefined;
  readonly writes?: ((options: Options) => boolean) | undefined;
  readonly fields: Fields<Config>;
  readonly toOptions: (config: Config, place: LoadPlace) => Options;
  /** Options that the other form can say; any other one that is given is refused. */
  readonly covers: readonly (keyof Options & string)[];
  readonly toConfig: (options: Options, place: DumpPlace) => { readonly [Name in keyof Config]?: unknown };
}): ForeignForm<Options> {
  const { fields, toOptions, covers, toConfig, ...rest } = form;
  const shape = objectForm<Config>(fields);
  const covered: ReadonlySet<string> = new Set(covers);
  return {
    ...rest,
    read: (config, place) => toOptions(shape.read(config, place), place),
    write: (options, place) => {
      for (const [name, value] of Object.entries(options)) {
        if (value === undefined || covered.has(name)) continue;
        throw place
          .at(name)
          .refuse(
            `is an option that "${form.provider}" does not have`,
            "Leave the option out, or dump without a dialect.",
          );
      }
      return shape.write(toConfig(options, place), place);
    },
    schema: shape.schema,
  };
}
