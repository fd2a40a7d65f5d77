import type { JsonObject, JsonValue } from "./json.ts";

/** Provider-opaque fields (signatures, cache marks, item ids) that must survive storage and come back unchanged. */
export interface ProviderFields {
  readonly providerMetadata?: JsonObject;
}

/** Text written by a person, an agent or a model. */
export interface TextPart extends ProviderFields {
  readonly kind: "text";
  readonly text: string;
}

/** What a model thought before it answered; kept because some providers demand it back with the tool results. */
export interface ReasoningPart extends ProviderFields {
  readonly kind: "reasoning";
  readonly text: string;
}

/** An image, audio or document; `data` is base64 text or an absolute URL. */
export interface FilePart extends ProviderFields {
  readonly kind: "file";
  readonly mediaType: string;
  readonly data: string;
  readonly fileName?: string;
}

/** A model's wish to run a tool. `arguments` is the JSON text exactly as the model wrote it: it may be invalid. */
export interface ToolCallPart extends ProviderFields {
  readonly kind: "tool-call";
  readonly callId: string;
  readonly toolName: string;
  readonly arguments: string;
}

/** How a tool call ended: only `ok` carries a result; `unknown` means that it may or may not have taken effect. */
export type ToolResultStatus = "ok" | "error" | "cancelled" | "unknown" | "denied";

/** One piece of a tool's result. */
export type ToolResultContent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "json"; readonly value: JsonValue }
  | { readonly kind: "file"; readonly mediaType: string; readonly data: string };

/** The one result of one tool call (invariant I1: each call has exactly one). */
export interface ToolResultPart extends ProviderFields {
  readonly kind: "tool-result";
  readonly callId: string;
  readonly toolName: string;
  readonly status: ToolResultStatus;
  readonly content: readonly ToolResultContent[];
}

/** Parts a user message may hold. */
export type UserPart = TextPart | FilePart;

/** Parts an assistant message may hold, in the order the model produced them. */
export type AssistantPart = TextPart | ReasoningPart | ToolCallPart | FilePart;

/** One entry of a model's conversation. */
export type ModelMessage =
  | ({ readonly role: "system"; readonly content: string } & ProviderFields)
  | ({ readonly role: "user"; readonly content: readonly UserPart[]; readonly name?: string } & ProviderFields)
  | ({
      readonly role: "assistant";
      readonly content: readonly AssistantPart[];
      readonly name?: string;
    } & ProviderFields)
  | ({ readonly role: "tool"; readonly content: readonly ToolResultPart[] } & ProviderFields);
