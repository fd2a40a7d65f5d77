import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type List, type ListRange, type Lists, StateError, validate } from "@troupe/core";
import { membersOf, type Role } from "./role.ts";
import { trustedSchema } from "../message/trusted-schema.ts";

/** Lists that an agent declares, by name. */
export type ListSchemas = Readonly<Record<string, StandardSchemaV1>>;

/** Keeps the lists of agents apart from those of this package. */
const prefix = "own:";

/** The lists of all agents below a role, for the one agent type they share. Each agent checks its own items. */
export function declareLists(role: Role): Readonly<Record<string, StandardSchemaV1<unknown, unknown>>> {
  const names = new Set(namesOf(role));
  return Object.fromEntries([...names].map((name) => [`${prefix}${name}`, trustedSchema<unknown>()]));
}

function namesOf(role: Role): readonly string[] {
  return role.kind === "agent" ? Object.keys(role.lists) : membersOf(role).flatMap(namesOf);
}

/** An agent's lists as it declared them. */
export function openLists(schemas: ListSchemas, lists: Readonly<Record<string, List<unknown>>>): Lists<ListSchemas> {
  const opened = Object.entries(schemas).map(([name, schema]): [string, List<unknown>] => {
    const list = lists[`${prefix}${name}`];
    if (list === undefined) throw new Error(`list "${name}" was not declared`);
    return [name, new CheckedList(name, schema, list)];
  });
  return Object.fromEntries(opened);
}

class CheckedList implements List<unknown> {
  readonly #name: string;
  readonly #schema: StandardSchemaV1;
  readonly #list: List<unknown>;

  constructor(name: string, schema: StandardSchemaV1, list: List<unknown>) {
    this.#name = name;
    this.#schema = schema;
    this.#list = list;
  }

  get length(): number {
    return this.#list.length;
  }

  append(item: unknown): void {
    this.#check(item);
    this.#list.append(item);
  }

  read(range?: ListRange): Promise<readonly unknown[]> {
    return this.#list.read(range);
  }

  replaceAll(items: readonly unknown[]): void {
    for (const item of items) this.#check(item);
    this.#list.replaceAll(items);
  }

  #check(item: unknown): void {
    const what = `item of list "${this.#name}"`;
    try {
      validate(this.#schema, item, { what });
    } catch (cause) {
      throw new StateError("state.invalid_list_item", `An ${what} does not fit its schema`, {
        remedy: "Append what the list's schema accepts, or correct the schema.",
        cause,
      });
    }
  }
}
