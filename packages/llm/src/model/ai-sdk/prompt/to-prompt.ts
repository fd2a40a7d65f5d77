import type { JsonObject } from "../../json.ts";
import type {
  AssistantPart,
  FilePart,
  ModelMessage,
  ProviderFields,
  ToolResultPart,
  UserPart,
} from "../../model-message.ts";
import type { AiSdkVersion } from "../ai-sdk-model.ts";
import { isJsonObject, parseJson } from "../json-guards.ts";
import { toFileData } from "./to-file-data.ts";
import { toToolOutput } from "./to-tool-output.ts";

/** One message or part as the AI SDK wants it; its exact form depends on the specification. */
export type AiSdkPart = Readonly<Record<string, unknown>>;

/** A conversation as a prompt of the given specification. Provider metadata goes back as provider options, where it came from. */
export function toPrompt(messages: readonly ModelMessage[], version: AiSdkVersion): AiSdkPart[] {
  return messages.map((message) => ({
    role: message.role,
    content: toContent(message, version),
    ...toOptions(message),
  }));
}

function toContent(message: ModelMessage, version: AiSdkVersion): string | AiSdkPart[] {
  switch (message.role) {
    case "system":
      return message.content;
    case "user":
    case "assistant":
      return message.content.map((part) => toPart(part, version));
    case "tool":
      return message.content.map((part) => toResult(part, version));
  }
}

function toPart(part: UserPart | AssistantPart, version: AiSdkVersion): AiSdkPart {
  switch (part.kind) {
    case "text":
    case "reasoning":
      return { type: part.kind, text: part.text, ...toOptions(part) };
    case "file":
      return { ...toFile(part, version), ...toOptions(part) };
    case "tool-call":
      return {
        type: "tool-call",
        toolCallId: part.callId,
        toolName: part.toolName,
        input: toInput(part.arguments),
        ...toOptions(part),
      };
  }
}

function toFile(part: FilePart, version: AiSdkVersion): AiSdkPart {
  const fileName = part.fileName === undefined ? {} : { filename: part.fileName };
  return { type: "file", mediaType: part.mediaType, data: toFileData(part.data, version), ...fileName };
}

function toResult(part: ToolResultPart, version: AiSdkVersion): AiSdkPart {
  return {
    type: "tool-result",
    toolCallId: part.callId,
    toolName: part.toolName,
    output: toToolOutput(part, version),
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
