import type { JsonValue } from "@troupe/core";
import type { ToolCallPart, ToolResultPart } from "@troupe/llm";
import type { MessageDraft } from "../../message/chat-message.ts";
import type { Template } from "./template.ts";

/** Names that may stand in a template for the summary of a call. */
export const summaryNames: readonly string[] = ["tool_name", "arguments", "result", "is_error"];

/** Tells in words what one call came to. */
export type SummarizeCall = (call: ToolCallPart, result: ToolResultPart) => string;

/** One call with its result. */
export interface SettledToolCall {
  readonly call: ToolCallPart;
  readonly result: ToolResultPart;
}

/** The summary of a call by a template: `{tool_name}`, `{arguments}`, `{result}`, `{is_error}`. */
export function summarizeBy(template: Template): SummarizeCall {
  return (call, result) =>
    template({
      tool_name: call.toolName,
      arguments: call.arguments,
      result: describeResult(result),
      is_error: result.status !== "ok",
    });
}

/** The result of a call as text, as people and models read it. */
export function describeResult(result: ToolResultPart): string {
  return result.content
    .map((part) =>
      part.kind === "text" ? part.text : part.kind === "json" ? JSON.stringify(part.value) : `[${part.mediaType}]`,
    )
    .join("\n");
}

/** The answer of an agent whose rounds are used up: what each call of this turn came to, one under the other. */
export function summaryMessage(settled: readonly SettledToolCall[], summarize: SummarizeCall): MessageDraft {
  return {
    kind: "tool-summary",
    text: settled.map(({ call, result }) => summarize(call, result)).join("\n"),
    calls: settled.map(({ call }) => call),
    results: settled.map(({ result }) => result),
  };
}

/** An answer that is data: people read it by the format, models as JSON. */
export function structuredMessage(
  answer: { readonly id: string; readonly text: string; readonly data: JsonValue },
  format: Template | undefined,
): MessageDraft {
  const { id, text, data } = answer;
  const canFormat = format !== undefined && typeof data === "object" && data !== null;
  return { kind: "structured", id, data, text: canFormat ? format(Object.fromEntries(Object.entries(data))) : text };
}
