import type { ModelMessage } from "../model-message.ts";

/**
 * Cuts a history into the units that must stay together: an assistant message with tool calls and everything up to the last of their
 * results; any other message alone. Reasoning lives in the message of its output, so it is never separated from it.
 *
 * Joined, the units are the history again.
 */
export function historyUnits(history: readonly ModelMessage[]): readonly (readonly ModelMessage[])[] {
  const units: (readonly ModelMessage[])[] = [];
  let start = 0;
  while (start < history.length) {
    const end = unitEnd(history, start);
    units.push(history.slice(start, end));
    start = end;
  }
  return units;
}

/** The index behind the unit that starts at `start`. */
function unitEnd(history: readonly ModelMessage[], start: number): number {
  const first = history[start];
  if (first?.role !== "assistant") return start + 1;
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
