import type { JsonObject, JsonValue } from "@troupe/core";
import type { CodeBlock, MemoryItem, ToolCallPart, ToolResultPart, Usage } from "@troupe/llm";

/** What is recorded of a tool call or a program besides its result. */
interface Execution {
  /** How often it ran, when not once: 0 when it was refused, more when its process died and it was run again. */
  readonly executions?: number;
}

/** What an agent did on the way to its answer: recorded, numbered and shown to watchers, never told to other agents. */
export type AgentEvent =
  | { readonly kind: "thought"; readonly text: string }
  | { readonly kind: "tool-call-requested"; readonly calls: readonly ToolCallPart[] }
  | ({ readonly kind: "tool-call-finished"; readonly result: ToolResultPart; readonly durationMs: number } & Execution)
  | {
      readonly kind: "model-called";
      /** Unique in the run. A call that was made again after its process had died has an event for each time. */
      readonly callId: string;
      readonly model: string;
      readonly usage: Usage;
      /** US dollars at list price; null when the price is not known. */
      readonly usd: number | null;
      readonly durationMs: number;
      /** Set for a call whose answer died with its process: its usage is what was reserved for it. */
      readonly isEstimated?: true;
    }
  /** A model did not answer; `message` says why. */
  | { readonly kind: "model-failed"; readonly callId: string; readonly model: string; readonly message: string }
  /** What a memory had for this turn; nothing is recorded when it had nothing. */
  | { readonly kind: "memory-queried"; readonly memory: string; readonly items: readonly MemoryItem[] }
  /** A memory did not answer, and the agent went on without it. */
  | { readonly kind: "memory-failed"; readonly memory: string; readonly message: string }
  /** From here on the model is shown less of the agent's conversation, which itself stays whole. */
  | {
      readonly kind: "history-pruned";
      /** `window`: it was about to be full. `overflow`: the provider refused a request as too long. `summary`: a summary tells of the messages now. */
      readonly reason: "window" | "overflow" | "summary";
      /** Messages that are not shown any more: all of them, or with `summary` those that are new in it. */
      readonly messages: number;
      /** Messages whose results of tools are shown as a note. */
      readonly cleared: number;
      /** Estimated tokens of what this is about. */
      readonly tokensBefore: number;
      readonly tokensAfter: number;
    }
  /** `attempt` counts the programs of one turn from 0, where the agent wrote them itself. */
  | { readonly kind: "code-started"; readonly blocks: readonly CodeBlock[]; readonly attempt?: number }
  | ({
      readonly kind: "code-finished";
      readonly attempt?: number;
      readonly exitCode: number;
      readonly output: string;
      readonly isTruncated: boolean;
      readonly durationMs: number;
    } & Execution)
  /** A selector's model named no candidate: what it said, cut to 200 characters each. */
  | {
      readonly kind: "selection-failed";
      readonly candidates: readonly string[];
      readonly answers: readonly string[];
    }
  /** An orchestrator has planned: what it knows and what it means to do. */
  | { readonly kind: "plan-made"; readonly facts: string; readonly plan: string; readonly isReplan: boolean }
  /** An orchestrator has judged the work; `isDefault`: its model gave no ledger, and the default was taken. */
  | {
      readonly kind: "progress-judged";
      readonly ledger: JsonValue;
      /** Judgements without progress so far. */
      readonly stalls: number;
      readonly isDefault?: true;
    }
  /** A policy was asked about a call; `policy` is the agent or team that declares it. */
  | {
      readonly kind: "policy-decided";
      /** Empty for a program. */
      readonly callId: string;
      /** The tool; `code` for a program. */
      readonly name: string;
      readonly policy: string;
      readonly decision: "allow" | "deny" | "ask" | "rewrite";
      /** Why, of a denial. */
      readonly reason?: string;
      /** Of a rewriting: what takes the place of the call's arguments. */
      readonly arguments?: JsonObject;
      /** Set when the policy is on trial: the decision did not count. */
      readonly isShadow?: true;
    }
  | { readonly kind: "note"; readonly name: string; readonly data: JsonValue };

/** Shown only to whoever watches at that moment: no number, not stored, superseded by the final event. */
export type LiveAgentEvent =
  | { readonly kind: "turn-started" }
  /** Nothing has happened in the run for so long, while this was at work. */
  | {
      readonly kind: "stalled";
      readonly silentMs: number;
      readonly awaited: readonly { readonly path: readonly string[]; readonly what: string }[];
    }
  | { readonly kind: "text-delta"; readonly messageId: string; readonly delta: string }
  | { readonly kind: "reasoning-delta"; readonly messageId: string; readonly delta: string }
  /** An answer that is data, as far as it is known: each contains the ones before it. Not checked yet; see `DeepPartial`. */
  | { readonly kind: "output-delta"; readonly messageId: string; readonly partial: JsonValue }
  | { readonly kind: "model-started"; readonly model: string }
  | { readonly kind: "tool-started"; readonly call: ToolCallPart }
  | { readonly kind: "tool-progress"; readonly callId: string; readonly value: JsonValue }
  | { readonly kind: "code-output"; readonly text: string };

/** What a custom agent may yield: an event to record, or one to show. */
export type AgentYield = AgentEvent | LiveAgentEvent;

const liveKinds: ReadonlySet<string> = new Set([
  "turn-started",
  "stalled",
  "text-delta",
  "reasoning-delta",
  "output-delta",
  "model-started",
  "tool-started",
  "tool-progress",
  "code-output",
] satisfies LiveAgentEvent["kind"][]);

/** True for events that are shown and not recorded. */
export function isLiveEvent(event: AgentYield): event is LiveAgentEvent {
  return liveKinds.has(event.kind);
}
