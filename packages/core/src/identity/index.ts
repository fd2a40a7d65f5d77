export {
  type AgentId,
  type AnyAgentId,
  agentId,
  assertAgentType,
  formatAgentId,
  isAgentType,
  parseAgentId,
  sameAgent,
  toAgentId,
} from "./agent-id.ts";
export {
  assertTopicType,
  defaultTopic,
  defaultTopicName,
  directTopic,
  formatTopicId,
  isTopicType,
  parseTopicId,
  sameTopic,
  type TopicId,
  topicId,
} from "./topic-id.ts";
