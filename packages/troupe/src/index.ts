// Agents and teams.
export {
  AssistantAgent,
  type AssistantAgentOptions,
  BaseChatAgent,
  CodeExecutorAgent,
  type DiGraph,
  DiGraphBuilder,
  GraphFlow,
  graphToMermaid,
  graphToText,
  GroupChat,
  type Handoff,
  MagenticOneGroupChat,
  MessageFilterAgent,
  RoundRobinGroupChat,
  type SelectionInput,
  SelectorGroupChat,
  type SpeakerSelection,
  SocietyOfMindAgent,
  Swarm,
  UserProxyAgent,
} from "@troupe/agentchat";

// When a run ends, and what it may spend.
export {
  allowOnly,
  type Budget,
  defineContext,
  FunctionalTermination,
  FunctionCallTermination,
  HandoffTermination,
  MaxMessageTermination,
  type PolicyFunction,
  SourceMatchTermination,
  StopMessageTermination,
  TerminationCondition,
  TextMentionTermination,
  TextMessageTermination,
  TimeoutTermination,
  TokenUsageTermination,
} from "@troupe/agentchat";

// Runs: what happens, what comes out.
export {
  type AgentEvent,
  type AgentReply,
  type ChatAgentContext,
  type ChatMessage,
  type ListedRun,
  listRuns,
  partialOutputs,
  printRun,
  type Question,
  type Run,
  type RunEvent,
  type RunHandle,
  type RunOptions,
  type RunSnapshot,
  type RunResult,
  type Session,
  RunError,
  type StopReason,
  toEventStream,
} from "@troupe/agentchat";

// Models and tools.
export { model, type ModelId, type ModelOptions } from "@troupe/ai-sdk";
export {
  bufferedContext,
  type ChatModel,
  type CodeExecutor,
  type DeepPartial,
  headAndTailContext,
  jsonSchema,
  ListMemory,
  type Memory,
  type ModelContext,
  type ModelRequest,
  type ModelResult,
  rollingSummaryContext,
  staticWorkbench,
  structuredAnswer,
  type Tool,
  type ToolContext,
  type ToolSchema,
  tokenLimitedContext,
  tool,
  toolResultClearingContext,
  unboundedContext,
  type Usage,
  type Workbench,
} from "@troupe/llm";

// Agents and teams as documents, ours and AutoGen's.
export {
  createRegistry,
  dumpComponent,
  type DumpComponentOptions,
  loadComponent,
  type RegistryOptions,
} from "./component/create-registry.ts";
export { type ComponentDocument, type ComponentRegistry, defineComponent, fields, keepOptions } from "@troupe/core";

// The runtime, and agents without a language model.
export {
  type AgentContext,
  type AgentDefinition,
  type AgentId,
  type AgentRuntime,
  agentId,
  defaultSubscription,
  defineAgent,
  defineEvent,
  defineRequest,
  InProcessRuntime,
  type RuntimeOptions,
  type Store,
  type TopicId,
  topicId,
  typeSubscription,
} from "@troupe/core";

// Errors: one root, few classes by who must act.
export {
  CodeExecutionError,
  ConfigError,
  DeliveryError,
  ModelError,
  SerializationError,
  StateError,
  StoreError,
  TeamError,
  ToolError,
  TroupeError,
} from "@troupe/core";
