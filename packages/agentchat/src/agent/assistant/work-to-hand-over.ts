import type { AssistantPart, ModelMessage, ToolResultPart } from "@troupe/llm";

/**
 * What the target of a handoff may see of the turn that led to it: thoughts and calls with their results, as pairs.
 *
 * Left out: the handoffs themselves, which are calls of tools that the target may not have, and fields that only the provider of the agent
 * that hands over can read. What the model reasoned is handed on as words.
 */
export function workToHandOver(
  work: readonly ModelMessage[],
  { name, isHandoff }: { readonly name: string; readonly isHandoff: (toolName: string) => boolean },
): readonly ModelMessage[] {
  const shown: ModelMessage[] = [];
  for (const message of work) {
    if (message.role === "assistant") {
      const content = message.content.flatMap((part) => readable(part, isHandoff));
      if (content.length > 0) shown.push({ role: "assistant", name, content });
    } else if (message.role === "tool") {
      const content = message.content.filter((result) => !isHandoff(result.toolName)).map(plainResult);
      if (content.length > 0) shown.push({ role: "tool", content });
    }
  }
  return shown;
}

function readable(part: AssistantPart, isHandoff: (toolName: string) => boolean): AssistantPart[] {
  switch (part.kind) {
    case "tool-call": {
      const { kind, callId, toolName } = part;
      return isHandoff(toolName) ? [] : [{ kind, callId, toolName, arguments: part.arguments }];
    }
    case "reasoning":
    case "text":
      return part.text.trim() === "" ? [] : [{ kind: "text", text: part.text }];
    case "file": {
      const { kind, mediaType, data, fileName } = part;
      return [{ kind, mediaType, data, ...(fileName !== undefined && { fileName }) }];
    }
  }
}

function plainResult({ kind, callId, toolName, status, content }: ToolResultPart): ToolResultPart {
  return { kind, callId, toolName, status, content };
}
