import type { ChatMessage, ChatMessageBase } from "../../message/chat-message.ts";
import { readCall, readContent, readModelMessage, readResult } from "./autogen-history.ts";
import type { StateReader } from "./state-reader.ts";

/**
 * A message between agents as AutoGen keeps it; undefined for an event, which is not said to anybody.
 *
 * @throws TeamError `run.invalid_snapshot`: a message type of the application has no counterpart.
 */
export function readChatMessage(message: StateReader): ChatMessage | undefined {
  const type = message.at("type").text();
  if (type.endsWith("Event")) return undefined;
  const base = readBase(message);
  if (type === "TextMessage") return { ...base, kind: "text", text: message.at("content").text() };
  if (type === "StopMessage") return { ...base, kind: "stop", text: message.at("content").text() };
  if (type === "MultiModalMessage") return readMultiModal(base, message.at("content"));
  if (type === "HandoffMessage") return readHandoff(base, message);
  if (type === "ToolCallSummaryMessage") {
    const [calls, results] = [message.at("tool_calls"), message.at("results")];
    return {
      ...base,
      kind: "tool-summary",
      text: message.at("content").text(),
      calls: calls.isThere ? calls.items().map(readCall) : [],
      results: results.isThere ? results.items().map(readResult) : [],
    };
  }
  if (type.startsWith("StructuredMessage")) {
    const data = message.at("content").json();
    return { ...base, kind: "structured", text: JSON.stringify(data), data };
  }
  throw message.at("type").invalid(`is "${type}", a message that only its own program knows`);
}

function readBase(message: StateReader): Omit<ChatMessageBase, "text"> {
  const id = message.at("id");
  const metadata = message.at("metadata");
  const notes = metadata.isThere ? metadata.entries().map(([name, note]) => [name, note.text()] as const) : [];
  return {
    // Before 0.6 messages had no id: the place is one as well.
    id: id.isThere ? id.text() : message.path,
    source: message.at("source").text(),
    ...(notes.length > 0 && { metadata: Object.fromEntries(notes) }),
  };
}

function readMultiModal(base: Omit<ChatMessageBase, "text">, given: StateReader): ChatMessage {
  const content = readContent(given);
  const words = content.map((part) => (part.kind === "text" ? part.text : "<image>"));
  return { ...base, kind: "multi-modal", text: words.join("\n"), content };
}

function readHandoff(base: Omit<ChatMessageBase, "text">, message: StateReader): ChatMessage {
  const context = message.at("context");
  const shown = context.isThere ? context.items().flatMap(readModelMessage) : [];
  return {
    ...base,
    kind: "handoff",
    text: message.at("content").text(),
    target: message.at("target").text(),
    ...(shown.length > 0 && { context: shown }),
  };
}
