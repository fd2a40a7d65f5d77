import type { ToolResultContent } from "../model/model-message.ts";
import type { MemoryItem } from "./memory.ts";

/**
 * What a model reads of the memories: a numbered list under one line that says what it is. Undefined when there is nothing.
 *
 * Data is shown as JSON; a file only by its type, for instructions carry words.
 */
export function memoryText(items: readonly MemoryItem[]): string | undefined {
  if (items.length === 0) return undefined;
  const lines = items.map(({ content }, index) => `${index + 1}. ${describe(content)}`);
  return ["What is remembered and may help here:", ...lines].join("\n");
}

function describe(content: ToolResultContent): string {
  switch (content.kind) {
    case "text":
      return content.text;
    case "json":
      return JSON.stringify(content.value);
    case "file":
      return `[${content.mediaType}]`;
  }
}
