import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError, type JsonValue } from "../errors/index.ts";
import type { AgentId } from "../identity/index.ts";
import { encodeJson, type EventType, type RequestType } from "../message/index.ts";
import type { Subscription } from "../subscription/index.ts";
import type { AgentContext } from "./agent-context.ts";
import type { Handler, HandlerFactory, HandlerOptions, Settlement } from "./handler.ts";
import { trustType } from "./trust-type.ts";

/** The erased types of messages inside the runtime. */
export type AnyRequestType = RequestType<string, never, unknown, unknown, unknown>;
export type AnyEventType = EventType<string, never, unknown>;
export type AnyContext = AgentContext<unknown, Record<string, StandardSchemaV1>>;

/** How one message type is handled. */
export type Route =
  | {
      readonly kind: "request";
      readonly type: AnyRequestType;
      readonly isShared: boolean;
      readonly handle: (payload: unknown, context: AnyContext) => unknown;
    }
  | {
      readonly kind: "event";
      readonly type: AnyEventType;
      readonly isShared: boolean;
      readonly handle: (payload: unknown, context: AnyContext) => unknown;
    };

/** How settlements of one request type are handled. */
export interface SettledRoute {
  readonly type: AnyRequestType;
  readonly handle: (settlement: Settlement<unknown>, context: AnyContext) => unknown;
}

/** Options of a definition beside its types: limits and life cycle. */
export interface BlueprintOptions {
  /** Pure; names the cell of an agent (C3). Agents of one cell share one log and one owner. Default: each its own, without a log. */
  readonly cell?: ((key: string) => string) | undefined;
  /** Turns of one agent that may run at once; above 1 only for agents without state and lists. Default 1. */
  readonly concurrency?: number | undefined;
  /** Attempts of a turn whose handler throws; default 1 (C8). */
  readonly maxAttempts?: number | undefined;
  /** Active milliseconds for one attempt; default 900,000 (C9). */
  readonly wallLimitMs?: number | undefined;
  /** Active milliseconds without progress; default 600,000 (C9). */
  readonly idleLimitMs?: number | undefined;
  /** Counts the forms that the stored state has had; default 1. State of a higher version is refused: `state.newer_version` (C26). */
  readonly stateVersion?: number | undefined;
  /** Brings stored state of an earlier version to this one; without it, it is taken as it is. Must not wait, and return JSON. */
  readonly migrate?: ((state: JsonValue, version: number) => unknown) | undefined;
  /** Milliseconds after passivation until stored state is dropped; default never (C4). */
  readonly stateTtlMs?: number | undefined;
  /** Skips the direct topic `<type>:` that registration subscribes otherwise. */
  readonly skipDirectTopic?: boolean | undefined;
  /** Called when an activation is dropped (passivation, close): frees what the program holds for this agent outside the runtime. */
  readonly onPassivate?: ((id: AgentId) => void | Promise<void>) | undefined;
}

/** A definition as the runtime reads it. */
export interface Blueprint {
  readonly type: string;
  readonly initialState: () => unknown;
  /** JSON text of the initial state: an agent equal to it leaves nothing behind. */
  readonly initialJson: string;
  readonly hasShared: boolean;
  readonly listSchemas: Readonly<Record<string, StandardSchemaV1>>;
  readonly hasLists: boolean;
  readonly routes: ReadonlyMap<string, Route>;
  readonly settledRoutes: ReadonlyMap<string, SettledRoute>;
  readonly unknownRoute:
    | ((message: { readonly type: string; readonly payload: unknown }, context: AnyContext) => unknown)
    | undefined;
  readonly subscriptions: readonly Subscription[];
  readonly options: BlueprintOptions;
  readonly concurrency: number;
  readonly stateVersion: number;
  readonly maxAttempts: number;
}

interface DefinitionInput<State, L> extends BlueprintOptions {
  readonly type: string;
  readonly state: () => State;
  readonly lists?: Readonly<Record<string, StandardSchemaV1>> | undefined;
  readonly handlers: (on: HandlerFactory<State, L>) => readonly Handler<string>[];
  readonly subscriptions?: readonly Subscription[] | undefined;
}

interface Tables {
  readonly routes: Map<string, Route>;
  readonly settled: Map<string, SettledRoute>;
  unknownRoute: Blueprint["unknownRoute"];
}

/** Collects the handlers of a definition into tables. @throws ConfigError `config.invalid_definition`. */
export function createBlueprint<State, L>(input: DefinitionInput<State, L>): Blueprint {
  const tables: Tables = { routes: new Map(), settled: new Map(), unknownRoute: undefined };
  input.handlers(handlerFactory<State, L>(input.type, tables));
  const listSchemas = input.lists ?? {};
  const hasLists = Object.keys(listSchemas).length > 0;
  const concurrency = positive(input, "concurrency", 1);
  const initialJson = encodeInitial(input);
  if (concurrency > 1 && (hasLists || initialJson !== "{}")) {
    throw invalid(
      input.type,
      "concurrency above 1 is for agents without state and lists",
      "Return {} from state, or leave concurrency at 1.",
    );
  }
  return {
    type: input.type,
    initialState: input.state,
    initialJson,
    hasShared: [...tables.routes.values()].some((route) => route.isShared),
    listSchemas,
    hasLists,
    routes: tables.routes,
    settledRoutes: tables.settled,
    unknownRoute: tables.unknownRoute,
    subscriptions: input.subscriptions ?? [],
    options: input,
    concurrency,
    maxAttempts: positive(input, "maxAttempts", 1),
    stateVersion: positive(input, "stateVersion", 1),
  };
}

function handlerFactory<State, L>(agentType: string, tables: Tables): HandlerFactory<State, L> {
  const add = (route: Route): void => {
    if (tables.routes.has(route.type.type)) throw twice(agentType, route.type.type);
    tables.routes.set(route.type.type, route);
  };
  // The factory is the one place where handler types are erased: the runtime calls them only with what their schemas produced.
  return {
    request: (type, handle, options?: HandlerOptions) => {
      add({ kind: "request", type: trustType(type), isShared: options?.shared === true, handle: trustType(handle) });
      return type;
    },
    event: (type, handle, options?: HandlerOptions) => {
      add({ kind: "event", type: trustType(type), isShared: options?.shared === true, handle: trustType(handle) });
      return type;
    },
    settled: (type, handle) => {
      if (tables.settled.has(type.type)) throw twice(agentType, `settled ${type.type}`);
      tables.settled.set(type.type, { type: trustType(type), handle: trustType(handle) });
      return trustType<Handler<never>>(type);
    },
    unknown: (handle) => {
      if (tables.unknownRoute !== undefined) throw twice(agentType, "unknown");
      tables.unknownRoute = trustType(handle);
      return trustType<Handler<never>>({ type: "unknown" });
    },
  };
}

function positive(
  input: BlueprintOptions & { readonly type: string },
  name: "concurrency" | "maxAttempts" | "stateVersion",
  fallback: number,
): number {
  const value = input[name] ?? fallback;
  if (Number.isInteger(value) && value >= 1) return value;
  throw invalid(
    input.type,
    `${name} is ${String(value)}, not a whole number from 1`,
    `Give ${name} a whole number of at least 1.`,
  );
}

/** JSON text of the initial state; an agent without state has null. */
function encodeInitial(input: { readonly type: string; readonly state: () => unknown }): string {
  return encodeJson(input.state() ?? null, `initial state of "${input.type}"`);
}

function twice(agentType: string, name: string): ConfigError {
  return invalid(agentType, `two handlers take "${name}"`, "Keep one handler for each message type.");
}

function invalid(agentType: string, problem: string, remedy: string): ConfigError {
  return new ConfigError("config.invalid_definition", `Agent type "${agentType}": ${problem}`, { remedy });
}
