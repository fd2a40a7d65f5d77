// Agents and teams.
export { AssistantAgent } from "./agent/assistant-agent.ts";
export type { AssistantAgentOptions, ModelSettings, PromptContext } from "./agent/assistant-options.ts";
export type { CodeApproval, CodeApprovalRequest, CodeDecision } from "./agent/code/code-approval.ts";
export type { Handoff, HandoffContext } from "./agent/handoff.ts";
export { BaseChatAgent, type BaseChatAgentOptions } from "./agent/base-chat-agent.ts";
export { CodeExecutorAgent, type CodeExecutorAgentOptions } from "./agent/code-executor-agent.ts";
export {
  MessageFilterAgent,
  type MessageFilterAgentOptions,
  type SourceFilter,
} from "./agent/message-filter-agent.ts";
export { SocietyOfMindAgent, type SocietyOfMindAgentOptions } from "./agent/society-of-mind-agent.ts";
export { UserProxyAgent, type UserProxyAgentOptions } from "./agent/user-proxy-agent.ts";
export { GroupChat, type GroupChatOptions } from "./team/group-chat.ts";
export {
  MagenticOneGroupChat,
  type MagenticOneGroupChatOptions,
} from "./team/magentic-one/magentic-one-group-chat.ts";
export { RoundRobinGroupChat } from "./team/round-robin-group-chat.ts";
export { SelectorGroupChat } from "./team/selector/selector-group-chat.ts";
export type {
  CandidateFunction,
  SelectorFunction,
  SelectorGroupChatOptions,
} from "./team/selector/selector-options.ts";
export { Swarm, type SwarmOptions } from "./team/swarm/swarm.ts";
export { GraphFlow, type GraphFlowOptions } from "./team/graph/graph-flow.ts";
export { graphToMermaid, graphToText } from "./team/graph/draw-graph.ts";
export { DiGraphBuilder, type EdgeOptions, type NodeReference } from "./team/graph/di-graph-builder.ts";
export type {
  ActivationCondition,
  DiGraph,
  DiGraphEdge,
  DiGraphNode,
  EdgeCondition,
  EdgeTest,
  NamedEdgeTest,
} from "./team/graph/di-graph.ts";

// Runs and sessions.
export type {
  InterruptOptions,
  Run,
  RunHandle,
  RunOptions,
  RunSnapshot,
  WatchOptions,
} from "./run/handle/run-handle.ts";
export { type PartialOutputsOptions, partialOutputs } from "./run/handle/partial-outputs.ts";
export { type ListedRun, listRuns, type RunListFilter } from "./run/list-runs.ts";
export { type AttachOptions, type ForkOptions, Runner, type RunnerOptions } from "./run/runner.ts";
export type { Session, SessionSnapshot } from "./run/session.ts";
export type { RunResult } from "./message/run-result.ts";
export { RunError } from "./message/run-error.ts";
export { type StopKind, type StopReason, stopKinds } from "./message/stop-reason.ts";
export type { Question } from "./message/question.ts";

// When a run ends.
export { type ConditionDelta, TerminationCondition, type Verdict } from "./condition/termination-condition.ts";
export { FunctionCallTermination, type FunctionCallOptions } from "./condition/function-call-termination.ts";
export {
  FunctionalTermination,
  type FunctionalOptions,
  type TerminationPredicate,
} from "./condition/functional-termination.ts";
export { HandoffTermination } from "./condition/handoff-termination.ts";
export { MaxMessageTermination } from "./condition/max-message-termination.ts";
export { SourceMatchTermination } from "./condition/source-match-termination.ts";
export { StopMessageTermination } from "./condition/stop-message-termination.ts";
export { TextMentionTermination, type TextMentionOptions } from "./condition/text-mention-termination.ts";
export { TextMessageTermination } from "./condition/text-message-termination.ts";
export { TimeoutTermination } from "./condition/timeout-termination.ts";
export { type TokenLimits, TokenUsageTermination } from "./condition/token-usage-termination.ts";
export { type Budget, type BudgetOption, defaultBudget } from "./budget/budget.ts";
export {
  type ContextKey,
  type ContextOptions,
  type ContextSource,
  type ContextValue,
  defineContext,
} from "./run/context/define-context.ts";
export type { ContextOption } from "./run/context/run-value-store.ts";
export type { FinishTool } from "./guard/finish-tool.ts";
export type { GuardOptions } from "./guard/guard-options.ts";
export type { LoopOption } from "./guard/loop-limit.ts";
export type { StallOption } from "./guard/watch/stall-limit.ts";
export {
  allowOnly,
  type PolicyCall,
  type PolicyContext,
  type PolicyDecision,
  type PolicyFunction,
  type PolicyOption,
} from "./guard/policy/tool-policy.ts";

// What agents say and do.
export type { ChatMessage, ChatMessageBase, MessageDraft, Task } from "./message/chat-message.ts";
export { modelText, toModelMessage } from "./message/chat-message.ts";
export type { AgentEvent, AgentYield, LiveAgentEvent } from "./message/agent-event.ts";
export type { DurableRunEvent, EventPlace, ManagerEvent, RunEvent } from "./message/run-event.ts";
export type {
  ChatAgentContext,
  CodeCall,
  InnerOptions,
  InnerReply,
  ModelCall,
  ModelOutcome,
  QuestionOptions,
  ToolRound,
} from "./turn/chat-agent-context.ts";
export type {
  AgentReply,
  FailurePolicy,
  Participant,
  SelectionInput,
  SelectionNews,
  SelectionStrategy,
  SpeakerSelection,
} from "./turn/role.ts";
export type { RunnerToolOptions } from "./turn/tool/runner-tool.ts";
export type { ThreadItem, TurnEnd } from "./turn/protocol.ts";

// Agents and teams as documents.
export { agentChatComponents } from "./component/agent-chat-components.ts";

// Showing a run.
export { type PrintRunOptions, printRun } from "./console/print-run.ts";
export { type EventStreamOptions, toEventStream } from "./console/to-event-stream.ts";
export { defaultWriter, type RunWriter } from "./console/writer.ts";
