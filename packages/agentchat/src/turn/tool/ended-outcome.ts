import type { ToolOutcome } from "@troupe/llm";

/** The outcome of a call that did not end well: the same words for the model and for programs. */
export function endedOutcome(status: Exclude<ToolOutcome["status"], "ok">, code: string, message: string): ToolOutcome {
  return { status, content: [{ kind: "text", text: message }], failure: { code, message } };
}
