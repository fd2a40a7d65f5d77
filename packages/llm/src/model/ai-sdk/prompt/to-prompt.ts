import type { JsonObject } from "../../json.ts";
import type {
  AssistantPart,
  FilePart,
  ModelMessage,
  ProviderFields,
  ToolCallPart,
  ToolResultPart,
  UserPart,
} from "../../model-message.ts";
import type { AiSdkVersion } from "../ai-sdk-model.ts";
import { isJsonObject, parseJson } from "../json-guards.ts";
import type { PromptCache } from "./prompt-cache.ts";
import { toFileData } from "./to-file-data.ts";
import { toToolOutput } from "./to-tool-output.ts";

/** One message or part as the AI SDK wants it; its exact form depends on the specification. */
export type AiSdkPart = Readonly<Record<string, unknown>>;

/**
 * A conversation as a prompt of the given specification. Provider metadata goes back as provider options, where it came from.
 *
 * Messages and parts are new objects each time, because providers may change them; what they hold (arguments, results) is remembered.
 */
export function toPrompt(messages: readonly ModelMessage[], version: AiSdkVersion, cache: PromptCache): AiSdkPart[] {
  return messages.map((message) => {
    const content = toContent(message, version, cache);
    return message.providerMetadata === undefined
      ? { role: message.role, content }
      : { role: message.role, content, providerOptions: message.providerMetadata };
  });
}

function toContent(message: ModelMessage, version: AiSdkVersion, cache: PromptCache): string | AiSdkPart[] {
  switch (message.role) {
    case "system":
      return message.content;
    case "user":
      return message.content.map((part) => toPart(part, version));
    case "assistant":
      return message.content.map((part) => (part.kind === "tool-call" ? toCall(part, cache) : toPart(part, version)));
    case "tool":
      return message.content.map((part) => toResult(part, version, cache));
  }
}

function toPart(part: UserPart | Exclude<AssistantPart, ToolCallPart>, version: AiSdkVersion): AiSdkPart {
  switch (part.kind) {
    case "text":
    case "reasoning":
      return { type: part.kind, text: part.text, ...toOptions(part) };
    case "file":
      return { ...toFile(part, version), ...toOptions(part) };
  }
}

function toCall(part: ToolCallPart, cache: PromptCache): AiSdkPart {
  return {
    type: "tool-call",
    toolCallId: part.callId,
    toolName: part.toolName,
    input: cache.convert(part, (call) => toInput(call.arguments)),
    ...toOptions(part),
  };
}

function toFile(part: FilePart, version: AiSdkVersion): AiSdkPart {
  const fileName = part.fileName === undefined ? {} : { filename: part.fileName };
  return { type: "file", mediaType: part.mediaType, data: toFileData(part.data, version), ...fileName };
}

function toResult(part: ToolResultPart, version: AiSdkVersion, cache: PromptCache): AiSdkPart {
  return {
    type: "tool-result",
    toolCallId: part.callId,
    toolName: part.toolName,
    output: cache.convert(part, (result) => toToolOutput(result, version)),
    ...toOptions(part),
  };
}

/** Providers demand an object: text that is none (a broken call, answered by an error result) is shown to the model inside one. */
function toInput(argumentsText: string): JsonObject {
  if (argumentsText.trim() === "") return {};
  const value = parseJson(argumentsText);
  return isJsonObject(value) ? value : { invalidArguments: argumentsText };
}

function toOptions(fields: ProviderFields): { readonly providerOptions?: JsonObject } {
  return fields.providerMetadata === undefined ? {} : { providerOptions: fields.providerMetadata };
}
