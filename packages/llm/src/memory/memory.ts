import type { JsonObject } from "../model/json.ts";
import type { ToolResultContent } from "../model/model-message.ts";
import type { RunValues } from "../tool/run-values.ts";

/** One thing that is remembered. Plain JSON: images and documents are base64 text and survive storage. */
export interface MemoryItem {
  readonly content: ToolResultContent;
  /** Notes of whoever added it: where it is from, how well it fits a query. No model sees them. */
  readonly metadata?: JsonObject;
}

/** What is asked of a memory. */
export interface MemoryQueryOptions {
  /** Items at most; default: as many as the memory thinks fit. */
  readonly limit?: number | undefined;
  /** What the program gave the run that asks: on whose behalf. Absent outside of runs. */
  readonly run?: RunValues | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What an agent may know besides its conversation: facts, preferences, documents.
 *
 * An agent asks each of its memories once in a turn, with the words it has just heard, and shows what comes back to its model; nothing of it
 * enters the conversation, so it can neither pile up nor grow stale there. What is added is the program's decision, or that of a tool.
 * The program opens a memory and closes it; one memory may serve many agents and runs at once.
 */
export interface Memory {
  readonly kind: "memory";
  /** Shown in events and errors; unique among the memories of an agent. */
  readonly name: string;
  /** Remembers something; a string is plain text. */
  add(item: string | MemoryItem, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** What may help with these words, in the order in which a model should read it. Changes nothing. */
  query(query: string, options?: MemoryQueryOptions): Promise<readonly MemoryItem[]>;
  /** Forgets everything. */
  clear(): Promise<void>;
  /** Lets go of connections and files, never of what is remembered. Safe twice. */
  close(): Promise<void>;
}

/** The item that a string stands for. */
export function toMemoryItem(item: string | MemoryItem): MemoryItem {
  return typeof item === "string" ? { content: { kind: "text", text: item } } : item;
}
