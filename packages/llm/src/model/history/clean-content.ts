import type {
  AssistantPart,
  FilePart,
  ModelMessage,
  ProviderFields,
  ToolResultPart,
  UserPart,
} from "../model-message.ts";
import type { HistoryRules } from "./history-rules.ts";

/**
 * One message as a provider accepts it, or `undefined` when nothing of it is left: no blank text, no reasoning that the provider would
 * refuse or that leads to no output, images only for those who see.
 */
export function cleanMessage(message: ModelMessage, rules: HistoryRules): ModelMessage | undefined {
  switch (message.role) {
    case "system":
      return isBlank(message.content) ? undefined : message;
    case "user":
      return withContent(
        message,
        mapParts(message.content, (part) => cleanUserPart(part, rules)),
      );
    case "assistant":
      return withContent(
        message,
        withoutTrailingReasoning(mapParts(message.content, (part) => cleanAssistantPart(part, rules))),
      );
    case "tool":
      return withContent(
        message,
        mapParts(message.content, (part) => cleanResult(part, rules)),
      );
  }
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

function cleanUserPart(part: UserPart, rules: HistoryRules): UserPart | undefined {
  if (part.kind === "file") return cleanFile(part, rules);
  return isBlank(part.text) ? undefined : part;
}

function cleanAssistantPart(part: AssistantPart, rules: HistoryRules): AssistantPart | undefined {
  switch (part.kind) {
    case "tool-call":
      return part;
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

function cleanResult(part: ToolResultPart, rules: HistoryRules): ToolResultPart {
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

function isOwn(part: ProviderFields, rules: HistoryRules): boolean {
  const metadata = part.providerMetadata;
  return metadata !== undefined && rules.metadataKeys.some((key) => Object.hasOwn(metadata, key));
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}
