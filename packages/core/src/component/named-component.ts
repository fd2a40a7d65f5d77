import { type Component, defineComponent, type ForeignForm } from "./component.ts";
import type { JsonObject } from "../errors/index.ts";
import { text } from "./field.ts";
import type { LoadPlace } from "./place.ts";

/** What a document says of something that only the program can make. */
export interface NamedOptions {
  readonly name: string;
}

/** Things of one type that documents may name and never make. */
export interface NamedComponentOptions<T extends object> {
  readonly provider: string;
  readonly type: string;
  /** What they are called, for messages: `tool`. */
  readonly what: string;
  readonly values: Readonly<Record<string, T>>;
  /** True when the bare name may stand where a document would. */
  readonly hasShortForm?: boolean | undefined;
  /** Those of this type are taken. */
  readonly standIns?: readonly StandIn[] | undefined;
}

/** Something of the program's in the place of something that another system's documents describe. */
export interface StandIn {
  /** The other system's name for it: `autogen_ext.code_executors.local.LocalCommandLineCodeExecutor`. */
  readonly provider: string;
  /** `code_executor`, `workbench`, `memory` or `model`. */
  readonly type: string;
  /** The name under which the program's own is registered. What a document says of the other one is not looked at. */
  readonly name: string;
  /** What is written for the other system; without it, the thing cannot be written for it. */
  readonly config?: JsonObject | undefined;
  /** Default `autogen`. */
  readonly dialect?: string | undefined;
}

/** Lets documents name things that the program made: executors, connections, models with keys of their own. */
export function defineNamedComponent<T extends object>(given: NamedComponentOptions<T>): Component {
  const values = new Map(Object.entries(given.values));
  const names = new Map([...values].map(([name, value]): [object, string] => [value, name]));
  return defineComponent<NamedOptions>({
    provider: given.provider,
    type: given.type,
    description: `A ${given.what} of the program, by the name under which it is registered.`,
    fields: { name: text },
    create: ({ name }, place) => values.get(name) ?? missing(given.what, name, place),
    recognize: (value) => {
      const name = names.get(value);
      return name === undefined ? undefined : { name };
    },
    shorthand: given.hasShortForm === true ? (name) => ({ name }) : undefined,
    foreign: (given.standIns ?? []).filter(({ type }) => type === given.type).map(standInForm),
  });
}

function standInForm({ provider, name, config, dialect = "autogen" }: StandIn): ForeignForm<NamedOptions> {
  return {
    dialect,
    provider,
    writes: (options) => options.name === name && config !== undefined,
    read: () => ({ name }),
    write: () => config ?? {},
    schema: { type: "object" },
  };
}

function missing(what: string, name: string, place: LoadPlace): never {
  throw place
    .at("name")
    .unknown(`names "${name}", and the program registered no ${what} of that name`, `Register the ${what} "${name}".`);
}
