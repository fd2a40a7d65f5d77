import { ConfigError } from "../errors/index.ts";
import type { AgentId, TopicId } from "../identity/index.ts";
import type { BoundSubscription } from "./subscription.ts";

interface Entry {
  readonly subscription: BoundSubscription;
  /** Position in the order of adding. */
  readonly order: number;
}

/**
 * Who wants which topic: the one table that all publishing reads.
 *
 * 1. No two entries are equal: neither in id, nor in kind, topic type and agent type.
 * 2. A topic yields each agent once, however many entries match, in the order in which its first match was added.
 * 3. Nothing is kept per topic: memory grows with entries only, and adding or removing one costs the same among 10 and 100,000.
 * 4. A lookup costs one probe for the exact type and one for each distinct prefix length, not one for each prefix.
 */
export class SubscriptionTable {
  readonly #byId: Map<string, Entry> = new Map();
  readonly #byType: Map<string, Entry[]> = new Map();
  readonly #byPrefix: Map<string, Entry[]> = new Map();
  /** How many prefixes of each length there are. */
  readonly #prefixLengths: Map<number, number> = new Map();
  #nextOrder = 0;

  /** How many subscriptions are in force. */
  get size(): number {
    return this.#byId.size;
  }

  /**
   * Adds a subscription.
   *
   * @throws ConfigError `config.duplicate_subscription` when an equal one is in force.
   */
  add(subscription: BoundSubscription): void {
    const index = this.#indexOf(subscription);
    const entries = index.get(subscription.topicType);
    const twin =
      this.#byId.get(subscription.id)?.subscription ??
      entries?.find((entry) => entry.subscription.agentType === subscription.agentType)?.subscription;
    if (twin !== undefined) throw duplicate(subscription, twin);
    const entry: Entry = { subscription, order: this.#nextOrder++ };
    this.#byId.set(subscription.id, entry);
    if (entries !== undefined) entries.push(entry);
    else {
      index.set(subscription.topicType, [entry]);
      if (subscription.kind === "prefix") this.#countLength(subscription.topicType.length, 1);
    }
  }

  /** True when a subscription equal to this one, whatever its id, is in force. */
  has(subscription: Pick<BoundSubscription, "kind" | "topicType" | "agentType">): boolean {
    const entries = this.#indexOf(subscription).get(subscription.topicType);
    return entries?.some((entry) => entry.subscription.agentType === subscription.agentType) === true;
  }

  /**
   * Removes a subscription.
   *
   * @throws ConfigError `config.unknown_subscription`.
   */
  remove(id: string): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) throw unknown(id);
    this.#byId.delete(id);
    const { topicType, kind } = entry.subscription;
    const index = this.#indexOf(entry.subscription);
    const rest = index.get(topicType)?.filter((other) => other !== entry) ?? [];
    if (rest.length > 0) index.set(topicType, rest);
    else {
      index.delete(topicType);
      if (kind === "prefix") this.#countLength(topicType.length, -1);
    }
  }

  /** Removes all subscriptions of an agent type and returns them. */
  removeAgentType(agentType: string): readonly BoundSubscription[] {
    const removed = this.list().filter((subscription) => subscription.agentType === agentType);
    for (const subscription of removed) this.remove(subscription.id);
    return removed;
  }

  /** The agents that want a topic, each once. */
  recipients(topic: TopicId): readonly AgentId[] {
    const exact = this.#byType.get(topic.type);
    const found = this.#prefixLengths.size === 0 ? undefined : this.#matchPrefixes(topic.type);
    if (found === undefined || found.length === 0) return exact === undefined ? [] : toAgents(exact, topic.source);
    if (exact !== undefined) found.push(...exact);
    return toAgents(
      found.sort((left, right) => left.order - right.order),
      topic.source,
    );
  }

  /** All subscriptions in force, in the order of adding. */
  list(): readonly BoundSubscription[] {
    return [...this.#byId.values()].map((entry) => entry.subscription);
  }

  #matchPrefixes(topicType: string): Entry[] {
    const found: Entry[] = [];
    for (const length of this.#prefixLengths.keys()) {
      if (length > topicType.length) continue;
      const entries = this.#byPrefix.get(topicType.slice(0, length));
      if (entries !== undefined) found.push(...entries);
    }
    return found;
  }

  #indexOf(subscription: Pick<BoundSubscription, "kind">): Map<string, Entry[]> {
    return subscription.kind === "type" ? this.#byType : this.#byPrefix;
  }

  #countLength(length: number, change: 1 | -1): void {
    const count = (this.#prefixLengths.get(length) ?? 0) + change;
    if (count === 0) this.#prefixLengths.delete(length);
    else this.#prefixLengths.set(length, count);
  }
}

/** The source is the key of every recipient, so agents differ in their types only. */
function toAgents(entries: readonly Entry[], source: string): readonly AgentId[] {
  const types = new Set<string>();
  for (const entry of entries) types.add(entry.subscription.agentType);
  return [...types].map((type) => Object.freeze({ type, key: source }));
}

function duplicate(subscription: BoundSubscription, twin: BoundSubscription): ConfigError {
  const { agentType, topicType, id } = subscription;
  return new ConfigError(
    "config.duplicate_subscription",
    `"${agentType}" already subscribes to "${topicType}", or the id "${id}" is taken`,
    {
      remedy: `Keep subscription "${twin.id}", or remove it first.`,
      details: { agentType, topicType, id, twin: twin.id },
    },
  );
}

function unknown(id: string): ConfigError {
  return new ConfigError("config.unknown_subscription", `No subscription has the id "${id}"`, {
    remedy: "Take the id from the runtime's list of subscriptions.",
    details: { id },
  });
}
