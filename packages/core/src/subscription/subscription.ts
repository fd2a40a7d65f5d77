import { ConfigError } from "../errors/index.ts";
import {
  type AgentId,
  agentId,
  assertAgentType,
  assertTopicType,
  defaultTopicName,
  formatTopicId,
  type TopicId,
} from "../identity/index.ts";

/**
 * Which topics an agent type wants. An event on topic `type/source` is handled by the agent whose key is `source`.
 *
 * `type` matches one topic type exactly, `prefix` every topic type that starts with `topicType`, the bare prefix included.
 */
export interface Subscription {
  readonly kind: "type" | "prefix";
  /** The topic type, or its prefix. */
  readonly topicType: string;
  /** Filled in at registration when the subscription is part of a definition. */
  readonly agentType?: string;
  /** Filled in at registration when it is not given. */
  readonly id?: string;
}

/** A subscription in force: its agent type and id are known. */
export interface BoundSubscription extends Subscription {
  readonly agentType: string;
  readonly id: string;
}

/** What may be said about a subscription besides its topic. */
export interface SubscriptionOptions {
  /** Needed for `runtime.addSubscription`; in a definition it is the definition's own type. */
  readonly agentType?: string | undefined;
  /** Names the subscription, so that it can be removed; default: a fresh id. */
  readonly id?: string | undefined;
}

/**
 * Subscribes to one topic type.
 *
 * @throws ConfigError `config.invalid_topic_type`, `config.invalid_agent_type`.
 */
export function typeSubscription(topicType: string, options?: SubscriptionOptions): Subscription {
  return createSubscription("type", topicType, options);
}

/**
 * Subscribes to every topic type that starts with a prefix.
 *
 * @throws ConfigError `config.invalid_topic_type`, `config.invalid_agent_type`.
 */
export function prefixSubscription(topicTypePrefix: string, options?: SubscriptionOptions): Subscription {
  return createSubscription("prefix", topicTypePrefix, options);
}

/** Subscribes to the topic type `default`: the same as `typeSubscription("default")`. */
export function defaultSubscription(options?: SubscriptionOptions): Subscription {
  return createSubscription("type", defaultTopicName, options);
}

/**
 * The subscription that every registration adds unless it is told not to: topics that name the agent type itself
 * (`<type>:` and whatever follows).
 */
export function directSubscription(agentType: string): Subscription {
  return createSubscription("prefix", `${agentType}:`, { agentType });
}

function createSubscription(
  kind: Subscription["kind"],
  topicType: string,
  options: SubscriptionOptions = {},
): Subscription {
  assertTopicType(topicType);
  if (options.agentType !== undefined) assertAgentType(options.agentType);
  // An empty id names nothing: it gets a fresh one, like a missing id.
  const id = options.id === "" ? undefined : options.id;
  return Object.freeze({
    kind,
    topicType,
    ...(options.agentType !== undefined && { agentType: options.agentType }),
    ...(id !== undefined && { id }),
  });
}

/**
 * Completes a subscription with the agent type of its definition and an id.
 *
 * @throws ConfigError `config.invalid_option` when it names no agent type and none is given.
 */
export function bindSubscription(
  subscription: Subscription,
  agentType: string | undefined,
  nextId: () => string,
): BoundSubscription {
  const type = subscription.agentType ?? agentType;
  if (type !== undefined) {
    return Object.freeze({
      kind: subscription.kind,
      topicType: subscription.topicType,
      agentType: type,
      id: subscription.id ?? nextId(),
    });
  }
  throw new ConfigError(
    "config.invalid_option",
    `The subscription to "${subscription.topicType}" names no agent type`,
    {
      remedy: "Put it into the definition's subscriptions, or pass { agentType }.",
    },
  );
}

/** True when the subscription wants the topic. */
export function matchesTopic(subscription: Subscription, topic: TopicId): boolean {
  return subscription.kind === "type"
    ? topic.type === subscription.topicType
    : topic.type.startsWith(subscription.topicType);
}

/**
 * The agent that handles a topic for this subscription: the subscription's type, the topic's source as key.
 *
 * @throws ConfigError `config.invalid_option` when the subscription does not want the topic.
 */
export function mapToAgent(subscription: BoundSubscription, topic: TopicId): AgentId {
  if (matchesTopic(subscription, topic)) return agentId(subscription.agentType, topic.source);
  throw new ConfigError(
    "config.invalid_option",
    `Subscription "${subscription.id}" does not match topic "${formatTopicId(topic)}"`,
    {
      remedy: "Ask matchesTopic() first.",
      details: { subscription: subscription.id, topic: formatTopicId(topic) },
    },
  );
}

/** Two subscriptions are equal when they have one kind and either the same id or the same topic type and agent type. */
export function sameSubscription(left: Subscription, right: Subscription): boolean {
  if (left.kind !== right.kind) return false;
  if (left.id !== undefined && left.id === right.id) return true;
  return left.topicType === right.topicType && left.agentType === right.agentType;
}
