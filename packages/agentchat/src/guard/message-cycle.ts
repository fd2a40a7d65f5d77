import type { List } from "@troupe/core";
import type { ChatMessage } from "../message/chat-message.ts";
import type { ThreadItem } from "../turn/protocol.ts";
import { cycleWindow, findCycle } from "./find-cycle.ts";
import type { LoopGuard } from "./loop-guard.ts";

/**
 * Whether a team goes round in circles: the newest messages are one cycle between several speakers, `limit` times in a row, with the same
 * words. Says how, in a sentence; undefined when it does not.
 *
 * @param from where to begin: a tool call that was new, or the start of the run, breaks a row.
 */
export async function findMessageCycle(
  thread: List<ThreadItem>,
  from: number,
  guard: Pick<LoopGuard, "limit" | "people">,
): Promise<string | undefined> {
  const { limit, people } = guard;
  if (limit === Number.POSITIVE_INFINITY || thread.length - from < limit) return undefined;
  const items = await thread.read({ from: Math.max(from, thread.length - cycleWindow(limit)) });
  const spoken = items.findLastIndex(({ message }) => people.has(message.source));
  const messages = items.slice(spoken + 1).map(({ message }) => message);
  const cycle = findCycle(messages, limit, { isSame, matters: isAmongSeveral });
  return cycle === undefined ? undefined : describe(cycle, limit);
}

/** One agent that says the same again and again talks to nobody: the conditions and the budget of the team are for that. */
function isAmongSeveral(cycle: readonly ChatMessage[]): boolean {
  return cycle.some(({ source }) => source !== cycle[0]?.source);
}

function isSame(left: ChatMessage, right: ChatMessage): boolean {
  if (left.text !== right.text || left.source !== right.source || left.kind !== right.kind) return false;
  if (left.kind === "handoff" && right.kind === "handoff") return left.target === right.target;
  if (left.kind === "tool-summary" && right.kind === "tool-summary") return isSameWork(left, right);
  // What pictures show is not in the text.
  return left.kind !== "multi-modal";
}

type Summary = Extract<ChatMessage, { readonly kind: "tool-summary" }>;

function isSameWork(left: Summary, right: Summary): boolean {
  if (left.calls.length !== right.calls.length) return false;
  return left.calls.every((call, index) => {
    const other = right.calls[index];
    return call.toolName === other?.toolName && call.arguments === other.arguments;
  });
}

/** Messages are shown up to this length. */
const maxShown = 120;

function describe(cycle: readonly ChatMessage[], limit: number): string {
  const shown = cycle.map(({ source, text }) => {
    const words = text.length > maxShown ? `${text.slice(0, maxShown)}...` : text;
    return `"${source}": ${words}`;
  });
  return `The same was said ${limit} times in a row: ${shown.join(" | ")}`;
}
