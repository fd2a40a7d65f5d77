import { ConfigError } from "../errors/index.ts";
import { hasOnlyNameCharacters } from "./name-characters.ts";

/** Where events are published: what they are about (`type`) and which conversation or thing they belong to (`source`). */
export interface TopicId {
  readonly type: string;
  readonly source: string;
}

const punctuation = "-.:=";

/** True for a topic type: as an agent type, and `:` and `=` besides. */
export function isTopicType(type: string): boolean {
  return hasOnlyNameCharacters(type, punctuation);
}

/** @throws ConfigError `config.invalid_topic_type` unless `isTopicType(type)`. */
export function assertTopicType(type: string): void {
  if (isTopicType(type)) return;
  throw new ConfigError("config.invalid_topic_type", `${JSON.stringify(type)} is not a topic type`, {
    remedy: 'Use one or more letters and digits of any script, "_", "-", ".", ":" or "=".',
    details: { type: String(type) },
  });
}

/**
 * Makes a topic. The source is any text; a subscriber of the topic's type is addressed with the source as its key.
 *
 * @throws ConfigError `config.invalid_topic_type`.
 */
export function topicId(type: string, source: string): TopicId {
  assertTopicType(type);
  return Object.freeze({ type, source });
}

/** The topic type and source that stand for "everyone in the default conversation". */
export const defaultTopicName = "default";

/**
 * The topic of type `default`. Inside a handler pass the key of the agent at work, so that the event stays in its conversation:
 * `defaultTopic(context.id.key)`.
 */
export function defaultTopic(source: string = defaultTopicName): TopicId {
  return topicId(defaultTopicName, source);
}

/**
 * The topic that reaches one agent type directly: every registration subscribes to it, unless it is told not to.
 *
 * @throws ConfigError `config.invalid_topic_type`.
 */
export function directTopic(agentType: string, source: string): TopicId {
  return topicId(`${agentType}:`, source);
}

/** The text form, `type/source`. */
export function formatTopicId(id: TopicId): string {
  return `${id.type}/${id.source}`;
}

/**
 * Reads `type/source`, split at the first slash.
 *
 * @throws ConfigError `config.invalid_id` without a slash, `config.invalid_topic_type` for a bad type.
 */
export function parseTopicId(text: string): TopicId {
  const slash = text.indexOf("/");
  if (slash >= 0) return topicId(text.slice(0, slash), text.slice(slash + 1));
  throw new ConfigError("config.invalid_id", `"${text}" is not a topic id`, {
    remedy: 'Write it as "type/source"; the source may be empty.',
    details: { id: text },
  });
}

/** True when both name the same topic; two absent topics are the same. */
export function sameTopic(left: TopicId | undefined, right: TopicId | undefined): boolean {
  return (
    left === right ||
    (left !== undefined && right !== undefined && left.type === right.type && left.source === right.source)
  );
}
