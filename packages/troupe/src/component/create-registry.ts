import { agentChatComponents } from "@troupe/agentchat";
import { type ModelComponentOptions, modelComponent } from "@troupe/ai-sdk";
import {
  type Component,
  type ComponentDocument,
  type ComponentRegistry,
  createComponentRegistry,
  type DumpOptions,
} from "@troupe/core";
import type { LlmComponentOptions } from "@troupe/llm";

/** What a program lends to documents: they can name this, and reach nothing else. */
export interface RegistryOptions extends LlmComponentOptions, ModelComponentOptions {
  /** Functions and schemas, by the name that documents say: `{ "$named": "..." }`. */
  readonly named?: Readonly<Record<string, unknown>> | undefined;
  /** Components of one's own, and stand-ins for those of other systems. */
  readonly components?: readonly Component[] | undefined;
}

/**
 * The registry of everything in this package: agents, teams, conditions, contexts, memories and models, by our names and by AutoGen's.
 *
 * @example
 * ```ts
 * const registry = createRegistry({ tools: [search], environment: { OPENAI_API_KEY: process.env.OPENAI_API_KEY } });
 * const team = loadComponent(document, registry);
 * ```
 * @throws ConfigError `config.duplicate_name` for a component that is there already.
 */
export function createRegistry(options: RegistryOptions = {}): ComponentRegistry {
  const { components = [], named, environment, projectFolder, ...lent } = options;
  return createComponentRegistry({
    components: [...agentChatComponents(lent), modelComponent({ environment, projectFolder }), ...components],
    named,
  });
}

/** How a component is written, and what may be named in it. */
export interface DumpComponentOptions extends DumpOptions {
  /** Knows the names of tools, functions and components of one's own; default: a registry of what this package has. */
  readonly registry?: ComponentRegistry | undefined;
}

/**
 * Writes an agent, a team or a part of one as a document.
 *
 * @example
 * ```ts
 * const document = dumpComponent(team);
 * const forAutoGen = dumpComponent(team, { dialect: "autogen" });
 * ```
 * @throws ConfigError `config.not_dumpable` naming the place: a function without a name, a secret, a class of one's own.
 */
export function dumpComponent(component: object, options: DumpComponentOptions = {}): ComponentDocument {
  const { registry = createRegistry(), dialect } = options;
  return registry.dump(component, { dialect });
}

/**
 * Makes what a document describes: one of ours, or of AutoGen's. It runs no code that is not the program's.
 *
 * @param document an object or JSON text, from whomever.
 * @throws ConfigError `config.invalid_document` or `config.unknown_component`, naming the place.
 */
export function loadComponent(document: unknown, registry: ComponentRegistry): object {
  return registry.load(document);
}
