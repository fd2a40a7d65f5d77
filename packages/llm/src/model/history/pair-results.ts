import type { AssistantPart, ModelMessage, ToolCallPart, ToolResultPart } from "../model-message.ts";

type AssistantMessage = Extract<ModelMessage, { readonly role: "assistant" }>;
type ToolMessage = Extract<ModelMessage, { readonly role: "tool" }>;

/** A call that waits for its result; `callId` is the one it will be sent with. */
interface OpenCall {
  readonly call: ToolCallPart;
  answer: { readonly result: ToolResultPart; readonly message: ToolMessage } | undefined;
}

/**
 * Gives every tool call exactly one result, in one message right behind the call's, in the order of the calls.
 *
 * A call without a result gets one that says so, a result without a call is dropped, of several results the first counts. Call ids are
 * unique in the outcome: of equal ids in one message the first call counts, and an id that an earlier message used is changed together
 * with its result.
 */
export function pairResults(history: readonly ModelMessage[], missing: "unknown" | "cancelled"): ModelMessage[] {
  const open = new Map<string, OpenCall>();
  const usedIds = new Set<string>();
  const output: (ModelMessage | (() => ModelMessage))[] = [];
  for (const message of history) {
    if (message.role === "tool") takeResults(message, open);
    else if (message.role !== "assistant") output.push(message);
    else {
      const { cleaned, calls } = openCalls(message, open, usedIds);
      output.push(cleaned);
      if (calls.length > 0) output.push(() => resultMessage(calls, missing));
    }
  }
  return output.map((entry) => (typeof entry === "function" ? entry() : entry));
}

function takeResults(message: ToolMessage, open: Map<string, OpenCall>): void {
  for (const result of message.content) {
    const call = open.get(result.callId);
    if (call !== undefined) call.answer ??= { result, message };
  }
}

function openCalls(
  message: AssistantMessage,
  open: Map<string, OpenCall>,
  usedIds: Set<string>,
): { readonly cleaned: AssistantMessage; readonly calls: readonly OpenCall[] } {
  const ownIds = new Set<string>();
  const calls: OpenCall[] = [];
  const content: AssistantPart[] = [];
  for (const part of message.content) {
    if (part.kind !== "tool-call") {
      content.push(part);
      continue;
    }
    if (ownIds.has(part.callId)) continue;
    ownIds.add(part.callId);
    const call = withUniqueId(part, usedIds);
    const entry: OpenCall = { call, answer: undefined };
    // Results are stored under the id that the model chose: from here on it means this call.
    open.set(part.callId, entry);
    calls.push(entry);
    content.push(call);
  }
  const isUnchanged =
    content.length === message.content.length && content.every((part, index) => part === message.content[index]);
  return { cleaned: isUnchanged ? message : { ...message, content }, calls };
}

function withUniqueId(call: ToolCallPart, usedIds: Set<string>): ToolCallPart {
  let callId = call.callId === "" ? "call" : call.callId;
  for (let copy = 2; usedIds.has(callId); copy += 1) callId = `${call.callId === "" ? "call" : call.callId}-${copy}`;
  usedIds.add(callId);
  return callId === call.callId ? call : { ...call, callId };
}

function resultMessage(calls: readonly OpenCall[], missing: "unknown" | "cancelled"): ModelMessage {
  const content = calls.map(({ call, answer }) => closeCall(call, answer?.result, missing));
  const stored = calls[0]?.answer?.message;
  const isStored =
    stored?.content.length === content.length && content.every((part, index) => part === stored.content[index]);
  return stored !== undefined && isStored ? stored : { role: "tool", content };
}

function closeCall(
  call: ToolCallPart,
  result: ToolResultPart | undefined,
  missing: "unknown" | "cancelled",
): ToolResultPart {
  const { callId, toolName } = call;
  if (result === undefined) {
    return {
      kind: "tool-result",
      callId,
      toolName,
      status: missing,
      content: [{ kind: "text", text: missingTexts[missing] }],
    };
  }
  if (result.callId === callId && result.toolName === toolName && result.content.length > 0) return result;
  const content = result.content.length > 0 ? result.content : [{ kind: "text", text: "(no output)" } as const];
  return { ...result, callId, toolName, content };
}

const missingTexts = {
  unknown: "No result was recorded for this call: it may or may not have taken effect.",
  cancelled: "The call was cancelled before it gave a result.",
} as const;
