import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError } from "../errors/index.ts";
import { type AgentId, agentId, assertAgentType } from "../identity/index.ts";
import type { Subscription } from "../subscription/index.ts";
import { type Blueprint, type BlueprintOptions, createBlueprint } from "./blueprint.ts";
import type { Handler, HandlerFactory } from "./handler.ts";
import { trustType } from "./trust-type.ts";

/** An agent type: what the runtime registers. Immutable; one definition serves all keys. */
export interface AgentDefinition<Handles extends string = never> {
  readonly type: string;
  /** The address of one agent of this type. */
  id(key: string): AgentId<Handles>;
}

/** What `defineAgent` takes. */
export interface AgentOptions<State, Handles extends string, L extends Record<string, StandardSchemaV1>>
  extends BlueprintOptions {
  /** Unique in a runtime; the rules of `AgentId` types (letters and digits of any script, `_`, `-`, `.`). */
  readonly type: string;
  /** Makes the initial state: one small JSON record. */
  readonly state: () => State;
  readonly lists?: L | undefined;
  readonly handlers: (on: HandlerFactory<State, L>) => readonly Handler<Handles>[];
  readonly subscriptions?: readonly Subscription[] | undefined;
}

/** The key under which a definition carries its blueprint; `Symbol.for`, so that two copies of the package interoperate. */
const blueprintKey: unique symbol = Symbol.for("troupe.blueprint");

class Definition<Handles extends string> implements AgentDefinition<Handles> {
  readonly type: string;
  readonly [blueprintKey]: Blueprint;

  constructor(blueprint: Blueprint) {
    this.type = blueprint.type;
    this[blueprintKey] = blueprint;
    Object.freeze(this);
  }

  id(key: string): AgentId<Handles> {
    return agentId(this.type, key);
  }
}

/**
 * Defines an agent type: typed state, lists and a table of typed handlers.
 *
 * @throws ConfigError `config.invalid_agent_type`, `config.invalid_definition` (two handlers for one message type).
 */
export function defineAgent<State, const Handles extends string, L extends Record<string, StandardSchemaV1> = {}>(
  options: AgentOptions<State, Handles, L>,
): AgentDefinition<Handles> {
  assertAgentType(options.type);
  return new Definition<Handles>(createBlueprint(options));
}

/** The inside of a definition. @throws ConfigError `config.invalid_definition` for anything not made by `defineAgent`. */
export function blueprintOf(definition: AgentDefinition): Blueprint {
  const blueprint: unknown = Reflect.get(definition, blueprintKey);
  if (blueprint === undefined) {
    throw new ConfigError("config.invalid_definition", `"${String(definition.type)}" is not an agent definition`, {
      remedy: "Register what defineAgent() returns.",
    });
  }
  return trustType<Blueprint>(blueprint);
}
