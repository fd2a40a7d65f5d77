export {
  type AgentId,
  agentId,
  assertAgentType,
  formatAgentId,
  isAgentType,
  parseAgentId,
  sameAgent,
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
