import type { ModelMessage } from "../model-message.ts";

type AssistantMessage = Extract<ModelMessage, { readonly role: "assistant" }>;

/**
 * Cuts a history into the units that must stay together: an assistant message with tool calls and everything up to the last of their
 * results; any other message alone. Reasoning lives in the message of its output, so it is never separated from it.
 *
 * Joined, the units are the history again.
 */
export function historyUnits(history: readonly ModelMessage[]): readonly (readonly ModelMessage[])[] {
  return [...unitsFromStart(history)];
}

/** The units of a history, oldest first. Reads no more than it is asked for. */
export function* unitsFromStart(history: readonly ModelMessage[]): Generator<readonly ModelMessage[], void, undefined> {
  let start = 0;
  while (start < history.length) {
    const end = unitEnd(history, start);
    yield history.slice(start, end);
    start = end;
  }
}

/** The units of a history, newest first. Reads little more than it is asked for: every message of an assistant begins a unit. */
export function* unitsFromEnd(history: readonly ModelMessage[]): Generator<readonly ModelMessage[], void, undefined> {
  let end = history.length;
  while (end > 0) {
    let start = end - 1;
    while (start > 0 && history[start]?.role !== "assistant") start -= 1;
    yield* historyUnits(history.slice(start, end)).toReversed();
    end = start;
  }
}

/** The index behind the unit that starts at `start`. */
function unitEnd(history: readonly ModelMessage[], start: number): number {
  const first = history[start];
  if (first?.role !== "assistant") return start + 1;
  if (isAnsweredBy(first, history[start + 1])) return start + 2;
  const open = new Set(first.content.flatMap((part) => (part.kind === "tool-call" ? [part.callId] : [])));
  let end = start + 1;
  for (let index = end; open.size > 0 && index < history.length; index += 1) {
    const message = history[index];
    if (message === undefined || message.role === "assistant") break;
    if (message.role !== "tool") continue;
    const answered = message.content.filter((part) => open.delete(part.callId));
    // A message of results right behind the unit belongs to it even when it only repeats or strays.
    if (answered.length > 0 || index === end) end = index + 1;
  }
  return end;
}

/** True for the ordinary round of a tool loop: the next message begins with the results of these calls. */
function isAnsweredBy({ content }: AssistantMessage, next: ModelMessage | undefined): boolean {
  if (next?.role !== "tool") return false;
  let calls = 0;
  for (const part of content) {
    if (part.kind !== "tool-call") continue;
    if (next.content[calls]?.callId !== part.callId) return false;
    calls += 1;
  }
  return calls > 0;
}
