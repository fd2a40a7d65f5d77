import { bytesPerToken, estimateMessageTokens, estimateTextTokens } from "../model/estimate-tokens.ts";
import { freezeMessage, isFixedMessage } from "../model/history/fixed-message.ts";
import type { ModelMessage, ToolResultPart } from "../model/model-message.ts";

/** Results below this many tokens are hardly longer than the note that would replace them. */
const smallResult = 30;

/** The message with a note in the place of each result of a tool; calls keep their results, and small ones are left alone. */
export function clearResults(message: ModelMessage): ModelMessage {
  if (message.role !== "tool") return message;
  const known = clearedMessages.get(message);
  if (known !== undefined) return known;
  const content = message.content.map(clearResult);
  const isSame = content.every((part, index) => part === message.content[index]);
  const cleared: ModelMessage = isSame ? message : { ...message, content };
  if (isFixedMessage(message)) clearedMessages.set(message, freezeMessage(cleared));
  return cleared;
}

/** What became of messages that cannot change: they are shown again with every call of a model. An entry goes with its message. */
const clearedMessages = new WeakMap<ModelMessage, ModelMessage>();

function clearResult(part: ToolResultPart): ToolResultPart {
  const tokens = estimateMessageTokens({ role: "tool", content: [part] });
  if (tokens < smallResult) return part;
  return {
    ...part,
    content: [{ kind: "text", text: `[An old result of about ${tokens} tokens, not shown any more.]` }],
  };
}

/** The message with every text longer than `tokens` cut in its middle; calls of tools and pictures are left alone. */
export function shortenParts(message: ModelMessage, tokens: number): ModelMessage {
  switch (message.role) {
    case "system":
      return message;
    case "user":
      return {
        ...message,
        content: message.content.map((part) =>
          part.kind === "text" ? { ...part, text: shortenText(part.text, tokens) } : part,
        ),
      };
    case "assistant":
      return {
        ...message,
        content: message.content.map((part) =>
          part.kind === "text" ? { ...part, text: shortenText(part.text, tokens) } : part,
        ),
      };
    case "tool":
      return { ...message, content: message.content.map((part) => shortenResult(part, tokens)) };
  }
}

function shortenResult(part: ToolResultPart, tokens: number): ToolResultPart {
  return {
    ...part,
    content: part.content.map((item) => {
      if (item.kind === "text") return { kind: "text", text: shortenText(item.text, tokens) };
      if (item.kind === "file") return item;
      const text = JSON.stringify(item.value);
      return estimateTextTokens(text) <= tokens ? item : { kind: "text", text: shortenText(text, tokens) };
    }),
  };
}

/** A text of at most about `tokens`: its start and its end, with a note between them. Characters stay whole. */
export function shortenText(text: string, tokens: number): string {
  const size = estimateTextTokens(text);
  if (size <= tokens) return text;
  // Scripts with long characters get fewer of them: the share of tokens is the share of characters.
  const kept = Math.floor((text.length * tokens) / size / 2);
  const note = `\n[... about ${size - tokens} tokens left out ...]\n`;
  if (kept * 2 < bytesPerToken) return note.trim();
  return `${wholeEnd(text.slice(0, kept))}${note}${wholeStart(text.slice(text.length - kept))}`;
}

function wholeEnd(text: string): string {
  return text.isWellFormed() ? text : text.slice(0, -1);
}

function wholeStart(text: string): string {
  return text.isWellFormed() ? text : text.slice(1);
}
