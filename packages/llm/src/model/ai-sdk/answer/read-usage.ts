import type { FinishReason, ModelRequest, Usage } from "../../chat-model.ts";
import { estimateOutputTokens, estimateTokens } from "../../estimate-tokens.ts";
import type { AssistantPart } from "../../model-message.ts";
import { isRecord, numberAt, recordAt, stringAt, type UnknownRecord } from "../json-guards.ts";

interface Counts {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly cached: number;
  readonly reasoning: number;
}

/** What an answer is billed by: the provider's numbers, or estimates, marked, where it sent none. */
export function readUsage(reported: unknown, request: ModelRequest, content: readonly AssistantPart[]): Usage {
  const usage = isRecord(reported) ? reported : {};
  const isNested = isRecord(usage["inputTokens"]) || isRecord(usage["outputTokens"]);
  const counts = knownCounts(isNested ? nestedCounts(usage) : flatCounts(usage), content);
  return {
    inputTokens: counts.input ?? estimateTokens(request.messages, request.tools),
    outputTokens: counts.output ?? estimateOutputTokens(content),
    cachedInputTokens: counts.cached,
    reasoningTokens: counts.reasoning,
    estimated: counts.input === undefined || counts.output === undefined,
  };
}

function readCounts(usage: UnknownRecord): Counts {
  return isRecord(usage["inputTokens"]) || isRecord(usage["outputTokens"]) ? nestedCounts(usage) : flatCounts(usage);
}

/** Some servers send zeros instead of nothing: no call has no input, and no words cost no output. */
function knownCounts(counts: Counts, content: readonly AssistantPart[]): Counts {
  return {
    ...counts,
    input: counts.input === 0 ? undefined : counts.input,
    output: counts.output === 0 && content.length > 0 ? undefined : counts.output,
  };
}

/** v3 and v4: totals that include their parts. */
function nestedCounts(usage: UnknownRecord): Counts {
  const input = recordAt(usage, "inputTokens");
  const output = recordAt(usage, "outputTokens");
  return {
    input: numberAt(input, "total"),
    output: numberAt(output, "total"),
    cached: numberAt(input, "cacheRead") ?? 0,
    reasoning: numberAt(output, "reasoning") ?? 0,
  };
}

/**
 * v2: flat numbers whose parts are not always inside: Anthropic counts cached input apart, Gemini reasoning. A cached count above the
 * input shows the first, a total that leaves room for exactly the reasoning the second.
 */
function flatCounts(usage: UnknownRecord): Counts {
  const input = numberAt(usage, "inputTokens");
  const output = numberAt(usage, "outputTokens");
  const cached = numberAt(usage, "cachedInputTokens") ?? 0;
  const reasoning = numberAt(usage, "reasoningTokens") ?? 0;
  const total = numberAt(usage, "totalTokens");
  const isReasoningApart = reasoning > 0 && total !== undefined && total === (input ?? 0) + (output ?? 0) + reasoning;
  return {
    input: input !== undefined && cached > input ? input + cached : input,
    output: output !== undefined && isReasoningApart ? output + reasoning : output,
    cached,
    reasoning,
  };
}

/** Whether a stream's last part proves that the answer is complete: the provider gave a reason to stop, or counted the tokens. */
export function isAttested(finish: UnknownRecord): boolean {
  const reason = finish["finishReason"];
  const hasReason = isRecord(reason)
    ? reason["raw"] !== undefined || reason["unified"] !== "other"
    : reason !== undefined && reason !== "unknown";
  const counts = readCounts(recordAt(finish, "usage"));
  return hasReason || counts.input !== undefined || counts.output !== undefined;
}

/** Why the model stopped, from the bare word of v2 or the pair of v3 and v4. `interrupted` means that the provider's stream broke. */
export function readFinishReason(reported: unknown, content: readonly AssistantPart[]): FinishReason | "interrupted" {
  const word = isRecord(reported) ? stringAt(reported, "unified") : reported;
  const callsTools = content.some((part) => part.kind === "tool-call");
  switch (word) {
    case "length":
    case "content-filter":
    case "error":
    case "interrupted":
      return word;
    case "tool-calls":
    case "stop":
      return callsTools ? "tool-calls" : "stop";
    case "other":
      return callsTools ? "tool-calls" : "other";
    default:
      return callsTools ? "tool-calls" : "unknown";
  }
}
