import type { JsonObject, JsonValue } from "../../json.ts";
import type { AssistantPart, FilePart, ProviderFields } from "../../model-message.ts";
import { isRecord, stringAt, toJsonObject, type UnknownRecord } from "../json-guards.ts";

/** What an adapter must know to name tool calls: ids that the conversation already uses. */
export interface CallIds {
  /** A call id that no other call of the conversation has; the model's own whenever possible. */
  unique(wished: string): string;
}

/** Ids for the calls of one answer; some servers send none, or the same ones in every answer. */
export function createCallIds(isUsed: (callId: string) => boolean): CallIds {
  const given = new Set<string>();
  return {
    unique(wished) {
      const base = wished === "" ? "call" : wished;
      let callId = base;
      for (let copy = 2; given.has(callId) || isUsed(callId); copy += 1) callId = `${base}-${copy}`;
      given.add(callId);
      return callId;
    },
  };
}

/** What one content part of the AI SDK is to us. */
export type ReadPart =
  | { readonly kind: "part"; readonly part: AssistantPart }
  | { readonly kind: "source"; readonly source: JsonObject }
  | { readonly kind: "skipped"; readonly warning: string }
  | { readonly kind: "ignored" };

/** Reads one content part of any specification. Parts that we cannot keep are named in a warning, never dropped silently. */
export function readPart(part: UnknownRecord, ids: CallIds): ReadPart {
  switch (part["type"]) {
    case "text":
    case "reasoning":
      return kept({ kind: part["type"], text: stringAt(part, "text") ?? "", ...readMetadata(part) });
    case "tool-call":
      return readToolCall(part, ids);
    case "file":
      return readFile(part);
    case "source":
      return { kind: "source", source: toJsonObject(part) ?? {} };
    case "tool-result":
      return { kind: "ignored" };
    default:
      return { kind: "skipped", warning: `A part of type "${String(part["type"])}" in the answer is not kept.` };
  }
}

/** The provider's opaque fields of a part, when it has any. */
export function readMetadata(part: UnknownRecord): ProviderFields {
  const providerMetadata = toJsonObject(part["providerMetadata"]);
  return providerMetadata === undefined ? {} : { providerMetadata };
}

function kept(part: AssistantPart): ReadPart {
  return { kind: "part", part };
}

function readToolCall(part: UnknownRecord, ids: CallIds): ReadPart {
  const toolName = stringAt(part, "toolName") ?? "";
  if (part["providerExecuted"] === true)
    return { kind: "skipped", warning: `The provider ran its own tool "${toolName}"; that call is not kept.` };
  const callId = ids.unique(stringAt(part, "toolCallId") ?? "");
  return kept({ kind: "tool-call", callId, toolName, arguments: argumentsText(part["input"]), ...readMetadata(part) });
}

/** The specification says JSON text; models that were wrapped by hand may give the object. */
function argumentsText(input: unknown): string {
  return typeof input === "string" ? input : (JSON.stringify(input) ?? "{}");
}

function readFile(part: UnknownRecord): ReadPart {
  const data = readFileData(part["data"]);
  if (data === undefined) return { kind: "skipped", warning: "A file in the answer has no readable data." };
  const file: FilePart = {
    kind: "file",
    mediaType: stringAt(part, "mediaType") ?? "application/octet-stream",
    data,
    ...readMetadata(part),
  };
  return kept(file);
}

function readFileData(data: unknown): string | undefined {
  if (typeof data === "string") return data;
  if (data instanceof Uint8Array) return toBase64(data);
  if (data instanceof URL) return data.href;
  if (!isRecord(data)) return undefined;
  return readFileData(data["data"] ?? data["url"]);
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Warnings of any specification as plain sentences. */
export function readWarning(warning: unknown): string {
  if (!isRecord(warning)) return String(warning);
  const detail = stringAt(warning, "details") ?? stringAt(warning, "message");
  const subject = stringAt(warning, "feature") ?? stringAt(warning, "setting") ?? toolNameOf(warning["tool"]);
  const suffix = detail === undefined ? "" : ` ${detail}`;
  switch (warning["type"]) {
    case "unsupported":
    case "unsupported-setting":
    case "unsupported-tool":
      return `The model does not support "${subject ?? "an option"}".${suffix}`;
    case "compatibility":
      return `The model supports "${subject ?? "an option"}" in a compatibility mode.${suffix}`;
    case "deprecated":
      return `The option "${subject ?? "?"}" is deprecated.${suffix}`;
    default:
      return detail ?? JSON.stringify(warning);
  }
}

function toolNameOf(tool: unknown): string | undefined {
  return isRecord(tool) ? stringAt(tool, "name") : undefined;
}

/** A value of unknown origin as JSON: the sources of an answer, kept beside the provider's metadata. */
export function withSources(metadata: JsonObject | undefined, sources: readonly JsonObject[]): JsonObject | undefined {
  if (sources.length === 0) return metadata;
  const kept: JsonValue = [...sources];
  return { ...metadata, troupe: { sources: kept } };
}
