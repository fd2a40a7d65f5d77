import type { ModelResult } from "./chat-model.ts";

/** The words of an answer: what to show, or to parse when JSON was asked for. Empty when the model only called tools. */
export function resultText(result: ModelResult): string {
  if (result.structuredText !== undefined) return result.structuredText;
  return result.content.map((part) => (part.kind === "text" ? part.text : "")).join("");
}
