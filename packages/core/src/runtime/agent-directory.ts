/**
 * Which agent types, message types and subscriptions a runtime knows.
 *
 * Invariants:
 * G1. A registration happens whole or not at all.
 * G2. One agent type has one definition, one message name has one message type.
 */
import { type AgentDefinition, type Blueprint, blueprintOf } from "../agent/index.ts";
import { ConfigError, DeliveryError } from "../errors/index.ts";
import { type AgentId, formatAgentId, type TopicId } from "../identity/index.ts";
import { MessageRegistry } from "../message/index.ts";
import {
  bindSubscription,
  type BoundSubscription,
  directSubscription,
  type Subscription,
  SubscriptionTable,
} from "../subscription/index.ts";

export class AgentDirectory {
  readonly #blueprints = new Map<string, Blueprint>();
  readonly #messages = new MessageRegistry();
  readonly #subscriptions = new SubscriptionTable();
  readonly #nextId: () => string;

  constructor(nextId: () => string) {
    this.#nextId = nextId;
  }

  register(definition: AgentDefinition): void {
    const blueprint = blueprintOf(definition);
    if (this.#blueprints.has(blueprint.type)) {
      throw new ConfigError("config.duplicate_agent", `Agent type "${blueprint.type}" is registered already`, {
        remedy: "Register each agent type once; give one of the two another type.",
        details: { type: blueprint.type },
      });
    }
    for (const route of blueprint.routes.values()) this.#messages.register(route.type);
    for (const route of blueprint.settledRoutes.values()) this.#messages.register(route.type);
    this.#subscribeAll(blueprint);
    this.#blueprints.set(blueprint.type, blueprint);
  }

  #subscribeAll(blueprint: Blueprint): void {
    const bound = blueprint.subscriptions.map((subscription) =>
      bindSubscription(subscription, blueprint.type, this.#nextId),
    );
    if (blueprint.options.skipDirectTopic !== true) {
      const direct = bindSubscription(directSubscription(blueprint.type), blueprint.type, this.#nextId);
      if (!this.#subscriptions.has(direct)) bound.push(direct);
    }
    const added: BoundSubscription[] = [];
    try {
      for (const subscription of bound) {
        this.#subscriptions.add(subscription);
        added.push(subscription);
      }
    } catch (error) {
      for (const subscription of added) this.#subscriptions.remove(subscription.id);
      throw error;
    }
  }

  find(type: string): Blueprint | undefined {
    return this.#blueprints.get(type);
  }

  /** @throws DeliveryError `delivery.no_such_agent`. */
  get(recipient: AgentId): Blueprint {
    const blueprint = this.#blueprints.get(recipient.type);
    if (blueprint !== undefined) return blueprint;
    throw noSuchAgent(recipient);
  }

  recipients(topic: TopicId): readonly AgentId[] {
    return this.#subscriptions.recipients(topic);
  }

  addSubscription(subscription: Subscription): void {
    this.#subscriptions.add(bindSubscription(subscription, undefined, this.#nextId));
  }

  removeSubscription(id: string): void {
    this.#subscriptions.remove(id);
  }

  subscriptions(): readonly BoundSubscription[] {
    return this.#subscriptions.list();
  }

  /** The name of the cell an agent belongs to; agents without a `cell` function are cells of their own. */
  cellOf(id: AgentId): string {
    const cell = this.#blueprints.get(id.type)?.options.cell;
    return cell === undefined ? formatAgentId(id) : cell(id.key);
  }

  /** True when a registered type may have agents in a cell: its name says so, or some type names its cells freely. */
  mayOwn(cell: string): boolean {
    const slash = cell.indexOf("/");
    if (this.#blueprints.has(slash < 0 ? cell : cell.slice(0, slash))) return true;
    for (const { options, type } of this.#blueprints.values()) {
      // A function that puts the type first, as sessions do, names no other cells.
      if (options.cell !== undefined && !options.cell("").startsWith(`${type}/`)) return true;
    }
    return false;
  }

  /** False for the cell of an agent that is a cell of its own: it keeps its state and no log (C27). */
  keepsLog(cell: string): boolean {
    const slash = cell.indexOf("/");
    const type = slash < 0 ? cell : cell.slice(0, slash);
    const blueprint = this.#blueprints.get(type);
    return blueprint === undefined ? !cell.startsWith("~") : blueprint.options.cell !== undefined;
  }
}

export function noSuchAgent(recipient: AgentId): DeliveryError {
  return new DeliveryError(
    "delivery.no_such_agent",
    `No agent type "${recipient.type}" is registered, so "${formatAgentId(recipient)}" cannot be reached`,
    {
      remedy: "Register the definition with runtime.register() first, and check the spelling of the type.",
      details: { recipient: formatAgentId(recipient) },
    },
  );
}
