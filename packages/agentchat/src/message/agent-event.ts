import type { JsonValue } from "@troupe/core";
import type { CodeBlock, ToolCallPart, ToolResultPart, Usage } from "@troupe/llm";

/** What an agent did on the way to its answer: recorded, numbered and shown to watchers, never told to other agents. */
export type AgentEvent =
  | { readonly kind: "thought"; readonly text: string }
  | { readonly kind: "tool-call-requested"; readonly calls: readonly ToolCallPart[] }
  | { readonly kind: "tool-call-finished"; readonly result: ToolResultPart; readonly durationMs: number }
  | {
      readonly kind: "model-called";
      readonly model: string;
      readonly usage: Usage;
      /** US dollars at list price; null when the price is not known. */
      readonly usd: number | null;
      readonly durationMs: number;
    }
  | { readonly kind: "code-started"; readonly blocks: readonly CodeBlock[] }
  | {
      readonly kind: "code-finished";
      readonly exitCode: number;
      readonly output: string;
      readonly isTruncated: boolean;
      readonly durationMs: number;
    }
  | { readonly kind: "note"; readonly name: string; readonly data: JsonValue };

/** Shown only to whoever watches at that moment: no number, not stored, superseded by the final event. */
export type LiveAgentEvent =
  | { readonly kind: "turn-started" }
  | { readonly kind: "text-delta"; readonly messageId: string; readonly delta: string }
  | { readonly kind: "reasoning-delta"; readonly messageId: string; readonly delta: string }
  | { readonly kind: "model-started"; readonly model: string }
  | { readonly kind: "tool-started"; readonly call: ToolCallPart }
  | { readonly kind: "tool-progress"; readonly callId: string; readonly value: JsonValue }
  | { readonly kind: "code-output"; readonly text: string };

/** What a custom agent may yield: an event to record, or one to show. */
export type AgentYield = AgentEvent | LiveAgentEvent;

const liveKinds: ReadonlySet<string> = new Set([
  "turn-started",
  "text-delta",
  "reasoning-delta",
  "model-started",
  "tool-started",
  "tool-progress",
  "code-output",
] satisfies LiveAgentEvent["kind"][]);

/** True for events that are shown and not recorded. */
export function isLiveEvent(event: AgentYield): event is LiveAgentEvent {
  return liveKinds.has(event.kind);
}
