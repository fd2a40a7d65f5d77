import type { MessageDraft } from "./chat-message.ts";

/** Shorter tasks are their own key. */
const maxLength = 200;

/**
 * A short text that tells one task from another: a run id with another task is refused by it.
 *
 * Long tasks are told apart by length and 64 bits of FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): enough against mistakes, not
 * against attacks, and the key is kept in the manager's state.
 */
export function taskKey(messages: readonly MessageDraft[]): string {
  const text = JSON.stringify(messages);
  return text.length <= maxLength ? text : `${text.length}:${hash(text, 0x811c9dc5)}${hash(text, 0x050c5d1f)}`;
}

function hash(text: string, basis: number): string {
  let value = basis;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return (value >>> 0).toString(16).padStart(8, "0");
}
