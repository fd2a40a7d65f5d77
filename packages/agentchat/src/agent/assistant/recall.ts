import type { ControlReason } from "@troupe/core";
import { type Memory, type MemoryItem, memoryText, type ModelMessage, openHistory } from "@troupe/llm";
import { type ChatMessage, modelText } from "../../message/chat-message.ts";
import type { ChatAgentContext } from "../../turn/chat-agent-context.ts";

/** What the memories of an agent gave for one turn. */
export interface Recalled {
  /** For the model, in every call of this turn; undefined when there is nothing. It is not part of the conversation. */
  readonly text: string | undefined;
  /** Set when the turn was stopped meanwhile. */
  readonly stopped: ControlReason | undefined;
}

/** Memories and how long each may take. */
export interface RecallOptions {
  readonly memories: readonly Memory[];
  /** Milliseconds for one memory; one that takes longer is left out. */
  readonly deadlineMs: number;
}

/** What the memories are asked with: what was said since the agent's last turn, or what it heard last when it is to go on. */
export function recallQuery(news: readonly ChatMessage[], conversation: readonly ModelMessage[]): string {
  if (news.length > 0) return news.map(modelText).join("\n");
  const heard = openHistory(conversation).messages.findLast((message) => message.role === "user");
  return heard?.role === "user" ? heard.content.map((part) => (part.kind === "text" ? part.text : "")).join("\n") : "";
}

/**
 * Asks the memories, one after the other.
 *
 * Each query is a journaled step. A memory that fails, or takes too long, is an event and not a failure: the agent goes on without it.
 */
export async function recall(
  { memories, deadlineMs }: RecallOptions,
  query: string,
  context: ChatAgentContext,
): Promise<Recalled> {
  const found: MemoryItem[] = [];
  for (const memory of memories) {
    const outcome = await context.stepOutcome(
      `memory:${memory.name}`,
      async ({ signal }) => memory.query(query, { signal, run: context.run }),
      { idempotent: true, timeoutMs: deadlineMs },
    );
    if (outcome.status === "done") {
      const items = outcome.value;
      if (items.length > 0) context.report({ kind: "memory-queried", memory: memory.name, items });
      found.push(...items);
      continue;
    }
    if (outcome.status !== "failed" && outcome.reason !== undefined)
      return { text: undefined, stopped: outcome.reason };
    const message = outcome.status === "failed" ? outcome.error.message : "The query ended without an outcome";
    context.report({ kind: "memory-failed", memory: memory.name, message });
  }
  return { text: memoryText(found), stopped: undefined };
}
