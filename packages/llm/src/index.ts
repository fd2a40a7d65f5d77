// Models: what an agent asks and what it gets.
export type {
  ChatModel,
  FinishReason,
  ModelCapabilities,
  ModelEvent,
  ModelRequest,
  ModelResult,
  ResponseFormat,
  ToolChoice,
  ToolDeclaration,
  Usage,
} from "./model/chat-model.ts";
export type {
  AssistantPart,
  FilePart,
  ModelMessage,
  ProviderFields,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultContent,
  ToolResultPart,
  ToolResultStatus,
  UserPart,
} from "./model/model-message.ts";
export type { JsonObject, JsonValue } from "./model/json.ts";
export { freezeMessage, isFixedMessage } from "./model/history/fixed-message.ts";
export { canonicalJson, requestKey } from "./model/canonical-json.ts";
export { resultText } from "./model/result-text.ts";

// Usage and its estimates.
export { addUsage, emptyUsage, sumUsage, totalTokens } from "./model/usage.ts";
export type { UsageEntry, UsageLedger, UsageSum } from "./model/usage-ledger.ts";
export { bookUsage, emptyLedger, mergeLedgers } from "./model/usage-ledger.ts";
export type { ModelPrice, PriceTable } from "./model/price.ts";
export { findPrice, priceOf } from "./model/price.ts";
export { listPrices } from "./model/list-prices.data.ts";
export {
  estimateMessageTokens,
  estimateOutputTokens,
  estimateTextTokens,
  estimateTokens,
} from "./model/estimate-tokens.ts";

// Tools.
export {
  type ParsedArguments,
  type Tool,
  type ToolContext,
  type ToolFailure,
  type ToolLimits,
  type ToolOptions,
  type ToolOutcome,
  tool,
} from "./tool/tool.ts";
export type { RunValueKey, RunValues } from "./tool/run-values.ts";
export type { ToolSchema } from "./tool/tool-schema.ts";
export { type Checked, parseArgumentsText } from "./tool/parse-arguments.ts";
export { jsonSchema } from "./tool/json-schema.ts";
export { type ToolContent, toolContent } from "./tool/render-result.ts";
export { runToolCall, type ToolCallContext, toResultPart } from "./tool/run-tool-call.ts";
export { ToolLimiter } from "./tool/tool-limiter.ts";
export type { ListOptions, Workbench, WorkbenchTool } from "./workbench/workbench.ts";
export { type StaticWorkbenchOptions, staticWorkbench, type ToolOverride } from "./workbench/static-workbench.ts";
export { combineWorkbenches } from "./workbench/combine-workbenches.ts";
export { workbenchTool } from "./workbench/workbench-tool.ts";
export { type ToolCallRecord, type ToolLoopOptions, type ToolLoopResult, toolLoop } from "./workbench/tool-loop.ts";

// Memory.
export { type Memory, type MemoryItem, type MemoryQueryOptions, toMemoryItem } from "./memory/memory.ts";
export { ListMemory, type ListMemoryOptions } from "./memory/list-memory.ts";
export { memoryText } from "./memory/memory-text.ts";

// Component documents.
export { llmComponents, type LlmComponentOptions } from "./component/llm-components.ts";
export {
  isChatModel,
  isCodeExecutor,
  isMemory,
  isModelContext,
  isTool,
  isWorkbench,
} from "./component/guards.ts";
export { type AutoGenModelInfo, autoGenModelInfo, fromModelInfo, toModelInfo } from "./component/autogen-model-info.ts";
export { capabilitiesField } from "./component/model-components.ts";
export { type ReplayAnswer, replayModel, type ReplayModelOptions } from "./component/replay-model.ts";

// Code.
export type { CodeBlock, CodeExecutionOptions, CodeExecutor, CodeResult } from "./code/code-executor.ts";
export { extractCodeBlocks } from "./code/extract-code-blocks.ts";
export { extractJson } from "./code/extract-json.ts";

// Histories and what a model sees of them.
export type { CallIdRule } from "./model/history/call-ids.ts";
export type { HistoryRules } from "./model/history/history-rules.ts";
export { historyRules } from "./model/history/history-rules.ts";
export { historyUnits } from "./model/history/history-units.ts";
export { normalize } from "./model/history/normalize.ts";
export type { Condensation, ModelContext } from "./context/model-context.ts";
export { bufferedContext } from "./context/buffered-context.ts";
export { headAndTailContext } from "./context/head-and-tail-context.ts";
export type { TokenLimitedContextOptions } from "./context/token-limited-context.ts";
export { tokenLimitedContext } from "./context/token-limited-context.ts";
export { unboundedContext } from "./context/unbounded-context.ts";
export type { ToolResultClearingOptions } from "./context/tool-result-clearing-context.ts";
export { toolResultClearingContext } from "./context/tool-result-clearing-context.ts";
export type { RollingSummaryOptions } from "./context/rolling-summary-context.ts";
export { rollingSummaryContext } from "./context/rolling-summary-context.ts";
export {
  applyMarks,
  type HistoryMark,
  markMessage,
  type OpenedHistory,
  openHistory,
  type Pruning,
} from "./context/history-mark.ts";
export { type PrunedHistory, type PruneOptions, pruneHistory } from "./context/prune-history.ts";

// Answers that follow a schema, of any model.
export { type OutputDocument, outputDocument } from "./structured/output-document.ts";
export {
  type AnswerRequest,
  type OutputForm,
  type OutputFormKind,
  type OutputFormOptions,
  outputForms,
} from "./structured/output-form.ts";
export { type DeepPartial, type PartialForm, PartialOutput } from "./structured/partial-output.ts";
export {
  type CallOutcome,
  directCall,
  type StructuredAnswer,
  structuredAnswer,
  type StructuredAnswerOptions,
} from "./structured/structured-answer.ts";
export { type CheckedAnswer, type CheckAnswerOptions, checkAnswer } from "./structured/check-answer.ts";

// Models of the AI SDK.
export type { AiSdkModel } from "./model/ai-sdk/ai-sdk-model.ts";
export { isAiSdkModel } from "./model/ai-sdk/ai-sdk-model.ts";
export type { FromAiSdkOptions } from "./model/ai-sdk/from-ai-sdk.ts";
export { fromAiSdk, toChatModel } from "./model/ai-sdk/from-ai-sdk.ts";
export { knownCapabilities } from "./model/ai-sdk/provider-profile.ts";

// Around any model.
export type { ModelMiddleware } from "./middleware/model-middleware.ts";
export { wrapModel } from "./middleware/model-middleware.ts";
export type { ModelRetry, RetryOptions } from "./middleware/retry-middleware.ts";
export { retryMiddleware } from "./middleware/retry-middleware.ts";
export type { DeadlineOptions } from "./middleware/deadline-middleware.ts";
export { deadlineMiddleware } from "./middleware/deadline-middleware.ts";
export { type RateLease, RateLimiter, type RateLimiterOptions } from "./middleware/rate-limiter.ts";
export { rateLimitMiddleware } from "./middleware/rate-limit-middleware.ts";
export {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitState,
  circuitBreakerMiddleware,
} from "./middleware/circuit-breaker-middleware.ts";
export { type FallbackOptions, fallbackModel, type ModelFallback } from "./middleware/fallback-model.ts";
export { MemoryModelCache, type MemoryModelCacheOptions, type ModelCache } from "./middleware/model-cache.ts";
export { type CacheOptions, cacheMiddleware } from "./middleware/cache-middleware.ts";
