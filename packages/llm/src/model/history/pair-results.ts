import { type CallIdRule, CallIds } from "./call-ids.ts";
import type { AssistantPart, ModelMessage, ToolCallPart, ToolResultPart } from "../model-message.ts";

type AssistantMessage = Extract<ModelMessage, { readonly role: "assistant" }>;
type ToolMessage = Extract<ModelMessage, { readonly role: "tool" }>;

/** A call that waits for its result; `callId` is the one it will be sent with. */
interface OpenCall {
  readonly call: ToolCallPart;
  /** Index in the history of the message that makes it: the same object may be there twice. */
  readonly askedAt: number;
  answer: { readonly result: ToolResultPart; readonly message: ToolMessage } | undefined;
}

/** How pairs are made. */
export interface PairingRules {
  /** What a call without a result is said to have met. */
  readonly missing: "unknown" | "cancelled";
  readonly callIds: CallIdRule | undefined;
}

/**
 * Gives every tool call exactly one result, in one message right behind the call's, in the order of the calls.
 *
 * A call without a result gets one that says so, a result without a call is dropped, of several results the first counts. Call ids are
 * unique in the outcome: of equal ids in one message the first call counts, and an id that an earlier message used, or that the provider
 * would not accept, is changed together with its result.
 */
export function pairResults(
  history: readonly ModelMessage[],
  { missing, callIds }: PairingRules,
): readonly ModelMessage[] {
  if (isPaired(history, callIds)) return history;
  const open = new Map<string, OpenCall>();
  const usedIds = new CallIds(callIds);
  const output: ModelMessage[] = [];
  const awaited: { readonly index: number; readonly calls: readonly OpenCall[] }[] = [];
  for (const [index, message] of history.entries()) {
    if (message.role === "tool") {
      takeResults(message, open);
      continue;
    }
    const calls = message.role === "assistant" ? openCalls({ message, index }, open, usedIds) : [];
    output.push(message.role === "assistant" ? withCalls(message, calls) : message);
    // Its place is kept: what answers the calls is known when all has been read.
    if (calls.length > 0) awaited.push({ index: output.push(message) - 1, calls });
  }
  for (const { index, calls } of awaited) output[index] = resultMessage(calls, missing);
  return output;
}

/**
 * Looks at the messages of a history, one after the other: whether each call is answered in the next message, as in an ordinary tool loop.
 *
 * Owns: the ids of the calls so far.
 */
export class PairCheck {
  readonly #usedIds: CallIds;
  #open: AssistantMessage | undefined;
  #hasFailed = false;

  /** @param usedIds Without any id yet. */
  constructor(usedIds: CallIds) {
    this.#usedIds = usedIds;
  }

  /** True when `pairResults` has nothing to change in the messages so far. */
  get isPaired(): boolean {
    return !this.#hasFailed && this.#open === undefined;
  }

  /** True when more messages cannot make it paired. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Whether one of the calls has this id. Only of paired messages it is known. */
  hasCall(callId: string): boolean {
    return this.#usedIds.has(callId);
  }

  add(message: ModelMessage): void {
    if (this.#hasFailed) return;
    const asked = this.#open;
    this.#open = message.role === "assistant" && hasCalls(message) ? message : undefined;
    if (message.role === "tool") this.#hasFailed = asked === undefined || !this.#isAnswered(asked, message);
    else this.#hasFailed = asked !== undefined;
  }

  /** Whether the results are those of the calls, in their order, and no id was used before. */
  #isAnswered({ content }: AssistantMessage, { content: results }: ToolMessage): boolean {
    let calls = 0;
    for (const part of content) {
      if (part.kind !== "tool-call") continue;
      const result = results[calls];
      if (result?.callId !== part.callId || result.toolName !== part.toolName || result.content.length === 0)
        return false;
      if (!this.#usedIds.take(part.callId)) return false;
      calls += 1;
    }
    return calls === results.length;
  }
}

function hasCalls({ content }: AssistantMessage): boolean {
  return content.some((part) => part.kind === "tool-call");
}

function isPaired(history: readonly ModelMessage[], callIds: CallIdRule | undefined): boolean {
  const pairs = new PairCheck(new CallIds(callIds));
  for (const message of history) {
    pairs.add(message);
    if (pairs.hasFailed) return false;
  }
  return pairs.isPaired;
}

function takeResults(message: ToolMessage, open: Map<string, OpenCall>): void {
  for (const result of message.content) {
    const call = open.get(result.callId);
    if (call !== undefined) call.answer ??= { result, message };
  }
}

function openCalls(
  { message, index }: { readonly message: AssistantMessage; readonly index: number },
  open: Map<string, OpenCall>,
  usedIds: CallIds,
): OpenCall[] {
  const calls: OpenCall[] = [];
  for (const part of message.content) {
    if (part.kind !== "tool-call" || open.get(part.callId)?.askedAt === index) continue;
    const entry: OpenCall = { call: withUniqueId(part, usedIds), askedAt: index, answer: undefined };
    // Results are stored under the id that the model chose: from here on it means this call.
    open.set(part.callId, entry);
    calls.push(entry);
  }
  return calls;
}

/** The message with each call once, under the id it will be sent with; the same object when that is what it holds. */
function withCalls(message: AssistantMessage, calls: readonly OpenCall[]): AssistantMessage {
  let next = 0;
  const isUnchanged = message.content.every((part) => part.kind !== "tool-call" || part === calls[next++]?.call);
  if (isUnchanged) return message;
  const seen = new Set<string>();
  const content: AssistantPart[] = [];
  for (const part of message.content) {
    if (part.kind !== "tool-call") content.push(part);
    else if (!seen.has(part.callId)) content.push(calls[seen.size]?.call ?? part);
    if (part.kind === "tool-call") seen.add(part.callId);
  }
  return { ...message, content };
}

function withUniqueId(call: ToolCallPart, usedIds: CallIds): ToolCallPart {
  const callId = usedIds.makeOf(call.callId);
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
