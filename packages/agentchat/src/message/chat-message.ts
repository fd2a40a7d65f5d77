import type { JsonValue } from "@troupe/core";
import type { ModelMessage, ToolCallPart, ToolResultPart, UserPart } from "@troupe/llm";

/** What all chat messages share. */
export interface ChatMessageBase {
  /** Unique within its session. */
  readonly id: string;
  /** Name of the agent that said it, or `user`. */
  readonly source: string;
  /** The message in words: for people, termination rules and models that read text. */
  readonly text: string;
  /** Set when the speaker was stopped before it had finished. */
  readonly isPartial?: true;
  /** Notes of the application; no model sees them. */
  readonly metadata?: { readonly [key: string]: string };
}

/** A message that travels between agents. `kind` tells the forms apart; `text` is there in every form. */
export type ChatMessage =
  | (ChatMessageBase & { readonly kind: "text" })
  | (ChatMessageBase & { readonly kind: "multi-modal"; readonly content: readonly UserPart[] })
  | (ChatMessageBase & { readonly kind: "stop" })
  | (ChatMessageBase & {
      readonly kind: "handoff";
      /** Name of the agent that goes on. */
      readonly target: string;
      /** What the next agent's model should know besides the text. */
      readonly context?: readonly ModelMessage[];
    })
  | (ChatMessageBase & {
      readonly kind: "tool-summary";
      readonly calls: readonly ToolCallPart[];
      readonly results: readonly ToolResultPart[];
    })
  | (ChatMessageBase & { readonly kind: "structured"; readonly data: JsonValue });

type Draft<Message> = Message extends ChatMessageBase
  ? Omit<Message, "id" | "source"> & { readonly id?: string | undefined; readonly source?: string | undefined }
  : never;

/** A message to be: the run adds the id, and the source where it is left out. Every `ChatMessage` is a draft. */
export type MessageDraft = Draft<ChatMessage>;

/** What a run is asked to do: words of the user, one message or several; nothing to go on from where the session stands. */
export type Task = string | MessageDraft | readonly MessageDraft[];

/** Makes a message of a draft. */
export function completeMessage(
  draft: MessageDraft,
  missing: { readonly id: string; readonly source: string },
): ChatMessage {
  // Frozen, so that the thread, the event and the reply keep one object: the store copies what may still change.
  return Object.freeze({ ...draft, id: draft.id ?? missing.id, source: draft.source ?? missing.source });
}

/** The message as a model reads it: a user's turn under the name of its source. */
export function toModelMessage(message: ChatMessage): ModelMessage {
  const content: readonly UserPart[] =
    message.kind === "multi-modal" ? message.content : [{ kind: "text", text: modelText(message) }];
  return { role: "user", name: message.source, content };
}

/** The message as text for a model. Structured data is JSON for a model, whatever people are shown. */
export function modelText(message: ChatMessage): string {
  return message.kind === "structured" ? JSON.stringify(message.data) : message.text;
}
