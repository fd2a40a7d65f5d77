import { assertNever } from "@troupe/core";
import type { ToolDeclaration } from "./chat-model.ts";
import type { AssistantPart, ModelMessage, ToolResultContent, ToolResultPart, UserPart } from "./model-message.ts";

/**
 * Bytes of UTF-8 text that make about one token.
 *
 * OpenAI's help centre gives four characters of English per token. Counting UTF-8 bytes instead of characters keeps the rule usable for
 * other scripts, where one character (three bytes in Chinese or Japanese) is close to one token.
 */
export const bytesPerToken = 4;

/** Tokens of framing around each message: role and separators, as counted in OpenAI's cookbook for its chat format. */
export const tokensPerMessage = 3;

/** Tokens of one image whose size is unknown: a 1024 x 1024 picture in OpenAI's tile formula (85 + 4 tiles of 170). */
export const tokensPerImage = 765;

/**
 * Estimates the input tokens of a call without a tokenizer; typically within 25 % for English prose, less exact for code and JSON.
 *
 * Use it to reserve budget and to decide about pruning, never to bill: a usage built from it carries `estimated: true`.
 */
export function estimateTokens(messages: readonly ModelMessage[], tools: readonly ToolDeclaration[] = []): number {
  let tokens = 0;
  for (const message of messages) tokens += estimateMessageTokens(message);
  for (const tool of tools) {
    tokens += estimateTextTokens(tool.name) + estimateTextTokens(tool.description);
    tokens += estimateTextTokens(JSON.stringify(tool.inputSchema)) + tokensPerMessage;
  }
  return tokens;
}

/** Estimates one message with its framing. */
export function estimateMessageTokens(message: ModelMessage): number {
  switch (message.role) {
    case "system":
      return tokensPerMessage + estimateTextTokens(message.content);
    case "user":
    case "assistant":
      return message.content.reduce(
        (sum, part) => sum + estimatePartTokens(part),
        nameTokens(message.name) + tokensPerMessage,
      );
    case "tool":
      return message.content.reduce((sum, part) => sum + estimateResultTokens(part), tokensPerMessage);
    default:
      return assertNever(message);
  }
}

/** Estimates the parts that a model produced: the output side of a call. */
export function estimateOutputTokens(content: readonly AssistantPart[]): number {
  return content.reduce((sum, part) => sum + estimatePartTokens(part), 0);
}

/** Estimates bare text; the empty text is 0, any other at least 1. */
export function estimateTextTokens(text: string): number {
  return Math.ceil(utf8Length(text) / bytesPerToken);
}

function nameTokens(name: string | undefined): number {
  return name === undefined ? 0 : estimateTextTokens(name);
}

function estimatePartTokens(part: UserPart | AssistantPart): number {
  switch (part.kind) {
    case "text":
    case "reasoning":
      return estimateTextTokens(part.text);
    case "tool-call":
      return estimateTextTokens(part.toolName) + estimateTextTokens(part.arguments) + tokensPerMessage;
    case "file":
      return estimateFileTokens(part.mediaType, part.data);
    default:
      return assertNever(part);
  }
}

function estimateResultTokens(part: ToolResultPart): number {
  return part.content.reduce((sum, item) => sum + estimateContentTokens(item), tokensPerMessage);
}

function estimateContentTokens(item: ToolResultContent): number {
  switch (item.kind) {
    case "text":
      return estimateTextTokens(item.text);
    case "json":
      return estimateTextTokens(JSON.stringify(item.value));
    case "file":
      return estimateFileTokens(item.mediaType, item.data);
    default:
      return assertNever(item);
  }
}

function estimateFileTokens(mediaType: string, data: string): number {
  // Base64 spends four characters on three bytes.
  if (mediaType.startsWith("text/")) return Math.ceil((data.length * 3) / 4 / bytesPerToken);
  return tokensPerImage;
}

function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // A surrogate pair is four bytes: two for each half.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
