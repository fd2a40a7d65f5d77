import type { JsonObject } from "./json.ts";
import type { AssistantPart, ModelMessage, ToolCallPart } from "./model-message.ts";

/** A tool as a model sees it: a name, what it is for and the JSON Schema of its arguments. */
export interface ToolDeclaration {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly strict?: boolean;
}

/** Which tools the model may, must or must not call. */
export type ToolChoice = "auto" | "required" | "none" | { readonly toolName: string };

/** The form of the answer: free text, any JSON, or JSON that follows a schema. */
export type ResponseFormat =
  | { readonly kind: "text" }
  | { readonly kind: "json"; readonly schema?: JsonObject; readonly name?: string };

/** Everything one model call depends on; a cache keyed by model name and this value (without `signal`) is exact. */
export interface ModelRequest {
  readonly messages: readonly ModelMessage[];
  readonly tools?: readonly ToolDeclaration[] | undefined;
  readonly toolChoice?: ToolChoice | undefined;
  readonly responseFormat?: ResponseFormat | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  readonly stopSequences?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  /** Options only one provider knows, keyed by provider name. */
  readonly providerOptions?: JsonObject | undefined;
  /** Extra HTTP headers for this call. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Tokens of one call or a sum of calls. `estimated` is true when the provider did not report them. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Part of `inputTokens` that the provider read from its cache. */
  readonly cachedInputTokens: number;
  /** Part of `outputTokens` spent on reasoning. */
  readonly reasoningTokens: number;
  readonly estimated: boolean;
}

/** Why the model stopped. */
export type FinishReason = "stop" | "length" | "tool-calls" | "content-filter" | "error" | "other" | "unknown";

/** A complete answer. */
export interface ModelResult {
  readonly content: readonly AssistantPart[];
  readonly finishReason: FinishReason;
  readonly usage: Usage;
  /** The text to parse when JSON was asked for and the provider tells it apart from drafts in `content`. */
  readonly structuredText?: string;
  /** Plain sentences about options the provider ignored. */
  readonly warnings?: readonly string[];
  /** True when a cache answered and nothing was spent. */
  readonly cached?: boolean;
  /** The `name` of the model that answered, when it was another than the one that was asked: a fallback. It is the one to pay. */
  readonly answeredBy?: string;
  /** The model that really answered, when the provider names it. */
  readonly modelId?: string;
  readonly providerMetadata?: JsonObject;
}

/** One step of a streamed answer; `finish` is always last, exactly once, and holds the whole result. */
export type ModelEvent =
  | { readonly kind: "text-delta"; readonly partId: string; readonly delta: string }
  | { readonly kind: "reasoning-delta"; readonly partId: string; readonly delta: string }
  | { readonly kind: "tool-call-delta"; readonly callId: string; readonly toolName: string; readonly delta: string }
  | { readonly kind: "tool-call"; readonly call: ToolCallPart }
  | { readonly kind: "finish"; readonly result: ModelResult };

/** What a model can do, as data; an unknown model gets honest defaults that the user may override. */
export interface ModelCapabilities {
  readonly tools: boolean;
  readonly parallelToolCalls: boolean;
  /** Understands images in user messages. */
  readonly vision: boolean;
  /** `native` follows a schema, `json` only promises JSON, `none` neither. */
  readonly structuredOutput: "native" | "json" | "none";
  readonly streaming: boolean;
  /** Context window in tokens; null when unknown. */
  readonly contextWindow: number | null;
  /** Accepts more than one system message, anywhere in the conversation. */
  readonly multipleSystemMessages: boolean;
}

/**
 * A model that answers conversations: the one contract that agents, middleware and tests share.
 *
 * @throws ModelError (see its codes) for provider faults; the signal's own reason, unwrapped, after an abort.
 */
export interface ChatModel {
  readonly kind: "chat-model";
  /** `provider:id`, as in `openai:gpt-5-mini`; the key of price tables, caches and usage ledgers. */
  readonly name: string;
  readonly capabilities: ModelCapabilities;
  /** Names of models that may answer in its place: a limit in dollars needs their prices, too. */
  readonly alternates?: readonly string[];
  generate(request: ModelRequest): Promise<ModelResult>;
  stream(request: ModelRequest): AsyncIterable<ModelEvent>;
}
