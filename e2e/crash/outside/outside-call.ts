import type { ModelMessage, ToolResultPart } from "@troupe/llm";

/** What a worker asks the world outside for: an answer of a model, the effect of a tool, the answer of a person. */
export type OutsideRequest =
  | {
      readonly kind: "model";
      readonly agent: string;
      readonly messages: readonly ModelMessage[];
    }
  | {
      readonly kind: "effect";
      readonly tool: string;
      /** Names the call within its run. */
      readonly callId: string;
      readonly idempotencyKey: string;
      readonly isIdempotent: boolean;
    }
  | { readonly kind: "answer"; readonly prompt: string };

/** A request as the server counted it. */
export interface CountedCall {
  readonly request: OutsideRequest;
  /** From 1, over all requests of a run. */
  readonly serial: number;
  /** Equal for two model calls that ask the same; for effects the call id. */
  readonly identity: string;
  /** Which process asked: its lane, and from 0 the how manieth of it. */
  readonly lane: string;
  readonly life: number;
}

/** What the server says. */
export type OutsideReply =
  | { readonly kind: "said"; readonly said: Said; readonly serial: number }
  | { readonly kind: "effect"; readonly value: string }
  | { readonly kind: "answer"; readonly answer: unknown };

/** What a scripted model says: words, or calls of tools with one text argument each. */
export type Said = { readonly text: string } | { readonly calls: readonly SaidCall[] };

/** A wish to call a tool. */
export interface SaidCall {
  readonly callId: string;
  readonly tool: string;
}

/** A conversation as the script of a model reads it. */
export interface Heard {
  readonly agent: string;
  /** Answers in words that the agent has given so far. */
  readonly turn: number;
  /** Rounds of tool calls since the last of them. */
  readonly round: number;
  /** Results of those rounds, in order. */
  readonly results: readonly ToolResultPart[];
  /** Words that were said last by others. */
  readonly lastText: string;
}

/** Reads what a script needs out of a request. */
export function hear(agent: string, messages: readonly ModelMessage[]): Heard {
  let turn = 0;
  let round = 0;
  let results: ToolResultPart[] = [];
  let lastText = "";
  for (const message of messages) {
    if (message.role === "tool") results.push(...message.content);
    if (message.role === "user")
      lastText = message.content.map((part) => (part.kind === "text" ? part.text : "")).join("");
    if (message.role !== "assistant") continue;
    if (message.content.some((part) => part.kind === "tool-call")) {
      round += 1;
      continue;
    }
    turn += 1;
    round = 0;
    results = [];
  }
  return { agent, turn, round, results, lastText };
}
