import type { ToolResultContent } from "../model/model-message.ts";

const encoder: TextEncoder = new TextEncoder();

/**
 * Keeps the first `maxBytes` UTF-8 bytes of a result and says what was cut, so that the model knows. Text is cut between characters;
 * JSON that is too long becomes its text, cut; a file that does not fit is replaced by a sentence.
 */
export function cutResult(content: readonly ToolResultContent[], maxBytes: number): readonly ToolResultContent[] {
  let left = maxBytes;
  return content.map((part) => {
    const size = sizeOf(part);
    if (size <= left) {
      left -= size;
      return part;
    }
    const room = left;
    left = 0;
    return cutPart(part, room, size);
  });
}

function cutPart(part: ToolResultContent, room: number, size: number): ToolResultContent {
  if (part.kind === "file")
    return { kind: "text", text: `[cut: a file of type ${part.mediaType} and ${size} bytes was left out]` };
  const kept = cutText(part.kind === "text" ? part.text : JSON.stringify(part.value), room);
  return { kind: "text", text: `${kept.text}\n[cut: ${kept.bytes} of ${size} bytes are shown]` };
}

function sizeOf(part: ToolResultContent): number {
  switch (part.kind) {
    case "text":
      return byteLength(part.text);
    case "json":
      return byteLength(JSON.stringify(part.value));
    case "file":
      return part.data.length;
  }
}

/** UTF-8 bytes of a text. */
function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** The longest beginning of a text that fits into `maxBytes` of UTF-8 without splitting a character. */
export function cutText(text: string, maxBytes: number): { readonly text: string; readonly bytes: number } {
  // encodeInto stops before a character that does not fit whole.
  const { read, written } = encoder.encodeInto(text, new Uint8Array(Math.min(maxBytes, text.length * 3)));
  return { text: text.slice(0, read), bytes: written };
}
