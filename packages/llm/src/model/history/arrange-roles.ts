import type { ModelMessage } from "../model-message.ts";
import type { HistoryRules } from "./history-rules.ts";

type SystemMessage = Extract<ModelMessage, { readonly role: "system" }>;

/** Said in a user's name where a provider demands a user's turn and the history has none. */
const filler: ModelMessage = { role: "user", content: [{ kind: "text", text: "Continue." }] };

/** Brings system messages, neighbours of one role, the first and the last message into the form the rules ask for. */
export function arrangeRoles(history: readonly ModelMessage[], rules: HistoryRules): readonly ModelMessage[] {
  const placed =
    rules.systemMessages === "anywhere" ? history : systemFirst(history, rules.systemMessages === "single");
  const merged = rules.mergesNeighbours ? mergeNeighbours(placed) : placed;
  const answered = rules.answersResults === true ? answerResults(merged) : merged;
  const arranged = withUserTurns(answered, rules);
  return arranged.length === 0 && rules.notEmpty === true ? [filler] : arranged;
}

function systemFirst(history: readonly ModelMessage[], isMerged: boolean): readonly ModelMessage[] {
  const system = history.filter((message) => message.role === "system");
  const [first] = system;
  if (first === undefined) return history;
  const rest = history.filter((message) => message.role !== "system");
  return [...(isMerged && system.length > 1 ? [mergeSystem(first, system)] : system), ...rest];
}

function mergeSystem(first: SystemMessage, all: readonly SystemMessage[]): SystemMessage {
  return { ...first, content: all.map((message) => message.content).join("\n") };
}

/** Said in the assistant's name where a turn ended with results of tools and the conversation went on without its words. */
const noWords: ModelMessage = { role: "assistant", content: [{ kind: "text", text: "(The turn ended here.)" }] };

function answerResults(history: readonly ModelMessage[]): readonly ModelMessage[] {
  const isOpen = (message: ModelMessage, index: number): boolean =>
    message.role === "tool" && history[index + 1]?.role === "user";
  if (!history.some(isOpen)) return history;
  return history.flatMap((message, index) => (isOpen(message, index) ? [message, noWords] : [message]));
}

function mergeNeighbours(history: readonly ModelMessage[]): readonly ModelMessage[] {
  const merged: ModelMessage[] = [];
  for (const message of history) {
    const joined = mergePair(merged.at(-1), message);
    if (joined === undefined) merged.push(message);
    else merged[merged.length - 1] = joined;
  }
  return merged.length === history.length ? history : merged;
}

/** One message instead of two, or `undefined` when they do not belong together. */
function mergePair(left: ModelMessage | undefined, right: ModelMessage): ModelMessage | undefined {
  if (left?.role === "user" && right.role === "user") {
    const { name: _name, ...rest } = left;
    const content = [...left.content, ...right.content];
    return left.name !== undefined && left.name === right.name ? { ...left, content } : { ...rest, content };
  }
  if (left?.role === "assistant" && right.role === "assistant")
    return { ...left, content: [...left.content, ...right.content] };
  return undefined;
}

function withUserTurns(history: readonly ModelMessage[], rules: HistoryRules): readonly ModelMessage[] {
  const systemCount = history.findIndex((message) => message.role !== "system");
  const start = systemCount < 0 ? history.length : systemCount;
  const needsStart = rules.startsWithUser && history[start]?.role !== "user";
  const last = history.at(-1)?.role;
  const needsEnd = rules.endsWithUser && (last === "assistant" || (last === "system" && !needsStart));
  if (!needsStart && !needsEnd) return history;
  const body = needsStart ? [...history.slice(0, start), filler, ...history.slice(start)] : [...history];
  return needsEnd ? [...body, filler] : body;
}
