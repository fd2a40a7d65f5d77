import type { AssistantPart, ModelMessage, ToolResultPart, UserPart } from "../model-message.ts";

/** A conversation in words, one paragraph for each thing said or done: for a model that reads it without taking part. Thoughts are left out. */
export function transcriptOf(messages: readonly ModelMessage[]): string {
  return messages.flatMap(paragraphs).join("\n\n");
}

function paragraphs(message: ModelMessage): readonly string[] {
  switch (message.role) {
    case "system":
      return [`system: ${message.content}`];
    case "user":
      return [`${message.name ?? "user"}: ${message.content.map(wordsOf).join("\n")}`];
    case "assistant":
      return message.content.flatMap((part) => {
        const words = wordsOf(part);
        return words === "" ? [] : [`${message.name ?? "assistant"}: ${words}`];
      });
    case "tool":
      return message.content.map((part) => `${part.toolName} (${part.status}): ${resultWords(part)}`);
  }
}

function wordsOf(part: UserPart | AssistantPart): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "reasoning":
      return "";
    case "file":
      return `[${part.fileName ?? part.mediaType}]`;
    case "tool-call":
      return `calls ${part.toolName}(${part.arguments})`;
  }
}

function resultWords(part: ToolResultPart): string {
  return part.content
    .map((item) => {
      if (item.kind === "text") return item.text;
      return item.kind === "json" ? JSON.stringify(item.value) : `[${item.mediaType}]`;
    })
    .join("\n");
}
