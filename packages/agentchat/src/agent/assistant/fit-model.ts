import {
  type AssistantPart,
  type ChatModel,
  freezeMessage,
  isFixedMessage,
  type ModelCapabilities,
  type ModelMessage,
  type ToolDeclaration,
  type ToolResultContent,
  type UserPart,
} from "@troupe/llm";
import { PrefixMemo } from "../../inference/prefix-memo.ts";
import { describeResult } from "./answer.ts";

/** What stands for an image where a model cannot see. */
const imageText = "[image]";

/**
 * The messages as this model can read them: for one that cannot see, an image is a word; for one that knows nothing of tools, a call is told in
 * words. Messages that fit stay the same objects.
 */
export function fitToModel(messages: readonly ModelMessage[], { capabilities }: ChatModel): readonly ModelMessage[] {
  return needsNoFitting(capabilities) ? messages : messages.map((message) => fitMessage(message, capabilities));
}

/** `fitToModel` for the conversation of one turn: what is frozen is fitted once. */
export class FittedConversation {
  readonly #fitted: PrefixMemo<ModelMessage, ModelMessage> | undefined;

  constructor({ capabilities }: ChatModel) {
    if (needsNoFitting(capabilities)) return;
    this.#fitted = new PrefixMemo({
      derive: (message) => freezeMessage(fitMessage(message, capabilities)),
      isFixed: isFixedMessage,
    });
  }

  /** The messages as the model can read them. The list is good until the next question. */
  of(messages: readonly ModelMessage[]): readonly ModelMessage[] {
    return this.#fitted?.of(messages) ?? messages;
  }
}

function needsNoFitting({ vision, tools }: ModelCapabilities): boolean {
  return vision && tools;
}

function fitMessage(message: ModelMessage, { vision, tools }: ModelCapabilities): ModelMessage {
  const seen = vision ? message : withoutImages(message);
  return tools ? seen : withoutCalls(seen);
}

/**
 * Declarations of the tools that a conversation has calls of, for a request that offers none: providers refuse calls of tools where there are no
 * tools at all. A handoff shows its target calls of tools that are another agent's.
 */
export function toolsOfOthers(
  messages: readonly ModelMessage[],
  { capabilities }: ChatModel,
): readonly ToolDeclaration[] {
  if (!capabilities.tools) return [];
  const names = new Set<string>();
  for (const message of messages)
    if (message.role === "tool") for (const result of message.content) names.add(result.toolName);
  return [...names].map((name) => ({
    name,
    description: "A tool of another agent, which cannot be called here.",
    inputSchema: { type: "object" },
  }));
}

function withoutCalls(message: ModelMessage): ModelMessage {
  if (message.role === "tool") {
    const told = message.content.map((result) => `${result.toolName} answered: ${describeResult(result)}`);
    return { role: "user", content: [{ kind: "text", text: told.join("\n") }] };
  }
  if (message.role !== "assistant" || !message.content.some((part) => part.kind === "tool-call")) return message;
  const content = message.content.map(
    (part): AssistantPart =>
      part.kind === "tool-call" ? { kind: "text", text: `I call ${part.toolName} with ${part.arguments}.` } : part,
  );
  return { ...message, content };
}

function withoutImages(message: ModelMessage): ModelMessage {
  if (message.role === "user" && message.content.some(isImage))
    return { ...message, content: message.content.map((part): UserPart => (isImage(part) ? imageMark : part)) };
  if (message.role !== "tool" || !message.content.some((result) => result.content.some(isImage))) return message;
  const content = message.content.map((result) => ({
    ...result,
    content: result.content.map((part): ToolResultContent => (isImage(part) ? imageMark : part)),
  }));
  return { ...message, content };
}

const imageMark: { readonly kind: "text"; readonly text: string } = { kind: "text", text: imageText };

function isImage(part: UserPart | ToolResultContent): boolean {
  return part.kind === "file" && (part.mediaType === "image" || part.mediaType.startsWith("image/"));
}
