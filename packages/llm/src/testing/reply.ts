import type { FinishReason, Usage } from "../model/chat-model.ts";
import type { JsonValue } from "../model/json.ts";
import type { AssistantPart } from "../model/model-message.ts";

/** How a scripted answer is timed and accounted. */
export interface ReplyOptions {
  /** Milliseconds of the model's clock before the first part; default 0. */
  readonly delayMs?: number | undefined;
  /** Milliseconds between two streamed pieces; default 0. */
  readonly chunkDelayMs?: number | undefined;
  /** Characters in one streamed piece of text; default: the model's `chunkSize`. */
  readonly chunkSize?: number | undefined;
  /** Reported usage; default: an estimate from request and answer, marked as one. */
  readonly usage?: Partial<Usage> | undefined;
  /** Default: `tool-calls` when the answer calls a tool, else `stop`. */
  readonly finishReason?: FinishReason | undefined;
  /** What the model thinks before the answer. */
  readonly reasoning?: string | undefined;
}

/** A tool call to script: a value is written as JSON text, `argumentsText` is sent as it is, however broken. */
export interface ScriptedToolCall {
  readonly name: string;
  readonly arguments?: JsonValue | undefined;
  readonly argumentsText?: string | undefined;
  /** Default: made from the request, so that it is stable for one request and differs between models and turns. */
  readonly callId?: string | undefined;
}

/** One part of a scripted answer; a tool call may leave its id to the model. */
export type ScriptedPart =
  | Exclude<AssistantPart, { readonly kind: "tool-call" }>
  | (ScriptedToolCall & { readonly kind: "scripted-tool-call" });

/** What a scripted model does with one request. */
export type ScriptedReply =
  | { readonly kind: "answer"; readonly parts: readonly ScriptedPart[]; readonly options: ReplyOptions }
  | {
      readonly kind: "failure";
      readonly error: unknown;
      readonly parts: readonly ScriptedPart[];
      readonly options: ReplyOptions;
    }
  | { readonly kind: "hang" };

/** Builds the entries of a script; see the example at `ScriptedModel`. */
export const reply: {
  /** An answer in words. */
  readonly text: (text: string, options?: ReplyOptions) => ScriptedReply;
  /** One tool call. */
  readonly toolCall: (name: string, args?: JsonValue, options?: ReplyOptions) => ScriptedReply;
  /** Several tool calls in one answer. */
  readonly toolCalls: (calls: readonly ScriptedToolCall[], options?: ReplyOptions) => ScriptedReply;
  /** An answer of any parts, in order. */
  readonly parts: (parts: readonly (AssistantPart | ScriptedPart)[], options?: ReplyOptions) => ScriptedReply;
  /** Fails with `error`; a stream first delivers `options.text`, like a connection that breaks half way. */
  readonly failure: (error: unknown, options?: ReplyOptions & { readonly text?: string | undefined }) => ScriptedReply;
  /** Never answers: the call ends only by its signal. */
  readonly hang: () => ScriptedReply;
} = {
  text: (text, options = {}) => answer([{ kind: "text", text }], options),
  toolCall: (name, args = {}, options = {}) => answer([toolCallPart({ name, arguments: args })], options),
  toolCalls: (calls, options = {}) => answer(calls.map(toolCallPart), options),
  parts: (parts, options = {}) => answer(parts.map(toScriptedPart), options),
  failure: (error, options = {}) => ({
    kind: "failure",
    error,
    parts: options.text === undefined ? [] : [{ kind: "text", text: options.text }],
    options,
  }),
  hang: () => ({ kind: "hang" }),
};

function answer(parts: readonly ScriptedPart[], options: ReplyOptions): ScriptedReply {
  const thought: ScriptedPart[] =
    options.reasoning === undefined ? [] : [{ kind: "reasoning", text: options.reasoning }];
  return { kind: "answer", parts: [...thought, ...parts], options };
}

function toolCallPart(call: ScriptedToolCall): ScriptedPart {
  return { kind: "scripted-tool-call", ...call };
}

function toScriptedPart(part: AssistantPart | ScriptedPart): ScriptedPart {
  if (part.kind !== "tool-call") return part;
  return { kind: "scripted-tool-call", name: part.toolName, argumentsText: part.arguments, callId: part.callId };
}
