import { freezeMessage, type ModelMessage } from "@troupe/llm";
import { type ChatMessage, toModelMessage } from "../../message/chat-message.ts";
import type { ChatAgentContext } from "../../turn/chat-agent-context.ts";

/**
 * What an agent's model knows, as read at the start of a turn, with what the turn adds.
 *
 * Owns: the copy in this turn; the list in the cell gets the same items, in the same order.
 * Invariant: 1. An item is added to both or to none, and never changes afterwards.
 */
export class Conversation {
  readonly #context: Pick<ChatAgentContext, "history">;
  readonly #messages: ModelMessage[];
  /** Where the agent's own work of this turn begins. */
  #workStart: number;

  private constructor(context: Pick<ChatAgentContext, "history">, messages: readonly ModelMessage[]) {
    this.#context = context;
    this.#messages = [...messages];
    this.#workStart = messages.length;
  }

  /** Reads what is there. */
  static async open(context: Pick<ChatAgentContext, "history">): Promise<Conversation> {
    return new Conversation(context, await context.history.read());
  }

  get messages(): readonly ModelMessage[] {
    return this.#messages;
  }

  /** What the agent has said and done in this turn. */
  get work(): readonly ModelMessage[] {
    return this.#messages.slice(this.#workStart);
  }

  /** Takes in what others said. What led to a handoff is for its target alone: everybody else has heard what there was to hear. */
  hear(message: ChatMessage, listener: string): void {
    if (message.kind === "handoff" && message.target === listener)
      for (const item of message.context ?? []) this.add(item);
    this.add(toModelMessage(message));
    this.#workStart = this.#messages.length;
  }

  add(message: ModelMessage): void {
    // The list and the next requests hold the same object.
    const kept = freezeMessage(message);
    this.#messages.push(kept);
    this.#context.history.append(kept);
  }
}
