import type { ModelMessage } from "../model-message.ts";

/**
 * The message itself, which can change no more: it and its parts are frozen. Whoever reads it again may remember what it made of it.
 */
export function freezeMessage<Message extends ModelMessage>(message: Message): Message {
  if (typeof message.content !== "string") {
    for (const part of message.content) Object.freeze(part);
    Object.freeze(message.content);
  }
  return Object.freeze(message);
}

/** Whether a message can change no more: it and its parts are frozen. */
export function isFixedMessage(message: ModelMessage): boolean {
  if (!Object.isFrozen(message)) return false;
  if (typeof message.content === "string") return true;
  return Object.isFrozen(message.content) && message.content.every((part) => Object.isFrozen(part));
}
