import type { ChatModel, ModelMessage, ToolResultContent, UserPart } from "@troupe/llm";

/** What stands for an image where a model cannot see. */
const imageText = "[image]";

/** The messages as this model can read them: for one that cannot see, an image is a word. Messages that fit stay the same objects. */
export function fitToModel(messages: readonly ModelMessage[], { capabilities }: ChatModel): readonly ModelMessage[] {
  return capabilities.vision ? messages : messages.map(withoutImages);
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
