import {
  historyRules,
  type AssistantPart,
  type ModelMessage,
  normalize,
  type ToolResultPart,
  type UserPart,
} from "@troupe/llm";
import type { StateReader } from "./state-reader.ts";

/**
 * The conversation of an agent's model, from the messages that AutoGen keeps.
 *
 * System messages are left out: AutoGen puts what memories gave into the history, once for each turn, and here memories are asked anew. Every call
 * comes out with exactly one result.
 *
 * @throws TeamError `run.invalid_snapshot`.
 */
export function readHistory(messages: StateReader): readonly ModelMessage[] {
  const read = messages.items().flatMap(readModelMessage);
  return normalize(read, historyRules.permissive);
}

/** One message of a model's conversation; none for a system message. @throws TeamError `run.invalid_snapshot`. */
export function readModelMessage(message: StateReader): readonly ModelMessage[] {
  const type = message.at("type").text();
  switch (type) {
    case "SystemMessage":
      return [];
    case "UserMessage":
      return [{ role: "user", name: message.at("source").text(), content: readContent(message.at("content")) }];
    case "AssistantMessage":
      return [{ role: "assistant", content: readAnswer(message) }];
    case "FunctionExecutionResultMessage":
      return [{ role: "tool", content: message.at("content").items().map(readResult) }];
    default:
      throw message.at("type").invalid(`is "${type}", which is no message of a model's conversation`);
  }
}

/** Words and images. */
export function readContent(content: StateReader): readonly UserPart[] {
  if (!content.isList) return [{ kind: "text", text: content.text() }];
  return content.items().map((part): UserPart => {
    if (part.words !== undefined) return { kind: "text", text: part.words };
    return { kind: "file", mediaType: "image/png", data: part.at("data").text() };
  });
}

function readAnswer(message: StateReader): readonly AssistantPart[] {
  const thought = message.at("thought").words;
  const content = message.at("content");
  const said: readonly AssistantPart[] = content.isList
    ? content.items().map(readCall)
    : [{ kind: "text", text: content.text() }];
  return thought === undefined ? said : [{ kind: "reasoning", text: thought }, ...said];
}

/** A call of a tool. */
export function readCall(call: StateReader): Extract<AssistantPart, { kind: "tool-call" }> {
  return {
    kind: "tool-call",
    callId: call.at("id").text(),
    toolName: call.at("name").text(),
    arguments: call.at("arguments").text(),
  };
}

/** The result of a call. */
export function readResult(result: StateReader): ToolResultPart {
  return {
    kind: "tool-result",
    callId: result.at("call_id").text(),
    toolName: result.at("name").text(),
    status: result.at("is_error").flag ? "error" : "ok",
    content: [{ kind: "text", text: result.at("content").text() }],
  };
}
