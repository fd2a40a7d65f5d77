import type {
  AssistantPart,
  FilePart,
  ModelMessage,
  ToolCallPart,
  ToolResultPart,
  UserPart,
} from "../model-message.ts";
import type { HistoryRules } from "./history-rules.ts";
import { asForeign, isOwn } from "./provider-items.ts";

/**
 * One message as a provider accepts it, or `undefined` when nothing of it is left: no blank text, no reasoning that the provider would
 * refuse or that leads to no output, images only for those who see.
 */
export function cleanMessage(message: ModelMessage, rules: HistoryRules): ModelMessage | undefined {
  switch (message.role) {
    case "system":
      return isBlank(message.content) ? undefined : message;
    case "user": {
      const cleaned = withContent(
        message,
        mapParts(message.content, (part) => cleanUserPart(part, rules)),
      );
      return cleaned !== undefined && rules.namesInText === true ? withNameInText(cleaned) : cleaned;
    }
    case "assistant":
      return withContent(message, cleanAnswer(message.content, rules));
    case "tool":
      return withContent(
        message,
        mapParts(message.content, (part) => cleanResult(part, rules)),
      );
  }
}

type UserMessage = Extract<ModelMessage, { readonly role: "user" }>;

function withNameInText(message: UserMessage): UserMessage {
  const { name, ...nameless } = message;
  if (name === undefined) return message;
  if (name === "user") return nameless;
  const [first, ...rest] = message.content;
  const isText = first?.kind === "text";
  // One text and not two: some servers take only one.
  const named: UserPart = {
    ...(isText && first),
    kind: "text",
    text: `${name} said:${isText ? `\n${first.text}` : ""}`,
  };
  return { ...nameless, content: [named, ...(isText ? rest : message.content)] };
}

function withContent<Message extends { readonly content: readonly unknown[] }>(
  message: Message,
  content: Message["content"],
): Message | undefined {
  if (content.length === 0) return undefined;
  return content === message.content ? message : { ...message, content };
}

/** Maps parts, dropping those that become `undefined`; the same array when nothing changed. */
function mapParts<Part>(parts: readonly Part[], change: (part: Part) => Part | undefined): readonly Part[] {
  const changed: Part[] = [];
  let isSame = true;
  for (const part of parts) {
    const next = change(part);
    if (next !== part) isSame = false;
    if (next !== undefined) changed.push(next);
  }
  return isSame ? parts : changed;
}

function cleanAnswer(content: readonly AssistantPart[], rules: HistoryRules): readonly AssistantPart[] {
  const cleaned = withoutTrailingReasoning(mapParts(content, (part) => cleanAssistantPart(part, rules)));
  if (rules.itemId === undefined || countThoughts(cleaned, rules) === countThoughts(content, rules)) return cleaned;
  return asForeign(cleaned, rules);
}

/** Thoughts of this provider: what came with one of them is refused without it. */
function countThoughts(content: readonly AssistantPart[], rules: HistoryRules): number {
  return content.filter((part) => part.kind === "reasoning" && isOwn(part, rules)).length;
}

function cleanUserPart(part: UserPart, rules: HistoryRules): UserPart | undefined {
  if (part.kind === "file") return cleanFile(part, rules);
  return isBlank(part.text) ? undefined : part;
}

function cleanAssistantPart(part: AssistantPart, rules: HistoryRules): AssistantPart | undefined {
  switch (part.kind) {
    case "tool-call":
      return withPlainName(part, rules);
    case "file":
      return cleanFile(part, rules);
    case "text":
      return isBlank(part.text) && !(rules.keepsSignedEmptyText && isOwn(part, rules)) ? undefined : part;
    case "reasoning":
      return rules.reasoning === "own" && !isOwn(part, rules) ? undefined : part;
  }
}

/** A provider that wants reasoning back wants it before the output it led to; reasoning that led to nothing is refused. */
function withoutTrailingReasoning(parts: readonly AssistantPart[]): readonly AssistantPart[] {
  const lastOutput = parts.findLastIndex((part) => part.kind !== "reasoning");
  return lastOutput === parts.length - 1 ? parts : parts.slice(0, lastOutput + 1);
}

/** Models call tools by names that are none: what a provider refuses is spelled in its letters. */
function withPlainName<Part extends ToolCallPart | ToolResultPart>(part: Part, rules: HistoryRules): Part {
  if (rules.plainToolNames !== true || /^[a-zA-Z0-9_-]{1,64}$/.test(part.toolName)) return part;
  const toolName = part.toolName.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 64);
  return { ...part, toolName: toolName === "" ? "unnamed_tool" : toolName };
}

function cleanResult(named: ToolResultPart, rules: HistoryRules): ToolResultPart {
  const part = withPlainName(named, rules);
  if (rules.images || !part.content.some((item) => item.kind === "file" && isPicture(item.mediaType))) return part;
  return {
    ...part,
    content: part.content.map((item) =>
      item.kind === "file" && isPicture(item.mediaType)
        ? { kind: "text", text: pictureMark(item.mediaType, undefined) }
        : item,
    ),
  };
}

function cleanFile(part: FilePart, rules: HistoryRules): FilePart | { readonly kind: "text"; readonly text: string } {
  if (rules.images || !isPicture(part.mediaType)) return part;
  return { kind: "text", text: pictureMark(part.mediaType, part.fileName) };
}

function pictureMark(mediaType: string, fileName: string | undefined): string {
  return fileName === undefined ? `[image omitted: ${mediaType}]` : `[image omitted: ${fileName}, ${mediaType}]`;
}

function isPicture(mediaType: string): boolean {
  return mediaType === "image" || mediaType.startsWith("image/") || mediaType.startsWith("video/");
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}
