import {
  type AnswerRequest,
  type ChatModel,
  markMessage,
  type ModelMessage,
  type ModelResult,
  type OpenedHistory,
} from "@troupe/llm";
import type { RequestCounter, TokenCounter } from "./token-counter.ts";

/** The share of its window that a model's request may fill. */
const fullShare = 0.8;

/** The share of that which is left when something is left out: the longer it lasts, the longer the provider's cache is good. */
const keptShare = 0.6;

/** From this share of the room on, what a provider counted is noted: before, it decides nothing. */
const notedShare = 0.5;

/** A count is noted again when it has grown by this share of the room. */
const notedStep = 0.05;

/** Tokens that a request to a model may have; undefined when the model's window is not known. Room for the answer is left. */
export function roomOf({ capabilities }: ChatModel, maxOutputTokens: number | undefined): number | undefined {
  const { contextWindow } = capabilities;
  if (contextWindow === null) return undefined;
  const share = contextWindow * fullShare;
  // An output limit of nearly the whole window is a way to say "no limit".
  return Math.floor(Math.max(Math.min(share, contextWindow - (maxOutputTokens ?? 0)), share / 2));
}

/** How large a request is. */
export interface RequestSize {
  /** Tokens: what the provider counted last, and an estimate of what came since; all estimated when it has counted nothing yet. */
  readonly tokens: number;
  readonly estimated: number;
}

/** What a provider has counted of a history. */
export type CountedHistory = Pick<OpenedHistory, "messages" | "size">;

/** Who estimates: messages that come and go, and the requests of one turn. */
export interface Counters {
  readonly counter: TokenCounter;
  readonly requests: RequestCounter;
}

/** Measures a request; the history says what a provider has counted of it. */
export function sizeOf(
  request: AnswerRequest,
  { messages, size }: CountedHistory,
  { counter, requests }: Counters,
): RequestSize {
  const estimated = requests.count(request.messages, request.tools ?? []);
  if (size === undefined) return { tokens: estimated, estimated };
  return { tokens: size.tokens + counter.count(messages.slice(size.upTo)), estimated };
}

/** Estimated tokens that the history may have after a pruning, so that its request fits again with room to grow. */
export function keptTokens(
  request: AnswerRequest,
  {
    size,
    room,
    counter,
    shown,
  }: {
    readonly size: RequestSize;
    readonly room: number;
    readonly counter: TokenCounter;
    readonly shown: readonly ModelMessage[];
  },
): number {
  // Where the provider counts more than the estimate, the estimate may have less.
  const target = (room * keptShare * size.estimated) / Math.max(1, size.tokens);
  const around = counter.count(request.messages, request.tools ?? []) - counter.count(shown);
  return Math.max(Math.floor(target - around), Math.floor(target / 10), 1);
}

/** The mark that notes what a provider counted; undefined while that decides nothing. Stands before the answer it was counted for. */
export function sizeMark(
  { usage }: ModelResult,
  { messages, size }: CountedHistory,
  room: number | undefined,
): ModelMessage | undefined {
  if (room === undefined || usage.estimated) return undefined;
  const tokens = usage.inputTokens + usage.outputTokens;
  if (tokens < room * notedShare) return undefined;
  if (size !== undefined && Math.abs(tokens - size.tokens) < room * notedStep) return undefined;
  return markMessage({ kind: "size", upTo: messages.length + 1, tokens }, `About ${tokens} tokens so far.`);
}
