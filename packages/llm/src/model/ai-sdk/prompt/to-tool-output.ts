import type { ToolResultContent, ToolResultPart } from "../../model-message.ts";
import type { AiSdkVersion } from "../ai-sdk-model.ts";
import { inlineBase64, toFileData } from "./to-file-data.ts";
import type { AiSdkPart } from "./to-prompt.ts";

/**
 * A tool's result as output of the given specification. Everything but `ok` is an error to the provider, so that the model does not take
 * it for an answer.
 */
export function toToolOutput(part: ToolResultPart, version: AiSdkVersion): AiSdkPart {
  if (part.status === "denied" && version !== "v2") return { type: "execution-denied", reason: toText(part.content) };
  if (part.status !== "ok") return { type: "error-text", value: toText(part.content) };
  const [only] = part.content;
  if (part.content.length === 1 && only?.kind === "text") return { type: "text", value: only.text };
  if (part.content.length === 1 && only?.kind === "json") return { type: "json", value: only.value };
  if (part.content.every((item) => item.kind !== "file")) return { type: "text", value: toText(part.content) };
  return { type: "content", value: part.content.map((item) => toItem(item, version)) };
}

function toText(content: readonly ToolResultContent[]): string {
  return content.map(itemText).join("\n");
}

function itemText(item: ToolResultContent): string {
  switch (item.kind) {
    case "text":
      return item.text;
    case "json":
      return JSON.stringify(item.value);
    case "file":
      return `[file: ${item.mediaType}]`;
  }
}

function toItem(item: ToolResultContent, version: AiSdkVersion): AiSdkPart {
  if (item.kind !== "file") return { type: "text", text: itemText(item) };
  const { mediaType, data } = item;
  if (version === "v4") return { type: "file", mediaType, data: toFileData(data, version) };
  const inline = inlineBase64(data);
  if (inline === undefined)
    return version === "v2" ? { type: "text", text: `[file: ${data}]` } : toUrlItem(data, mediaType);
  if (version === "v2") return { type: "media", mediaType, data: inline };
  return { type: mediaType.startsWith("image/") ? "image-data" : "file-data", mediaType, data: inline };
}

function toUrlItem(url: string, mediaType: string): AiSdkPart {
  return mediaType.startsWith("image/") ? { type: "image-url", url } : { type: "file-url", url, mediaType };
}
