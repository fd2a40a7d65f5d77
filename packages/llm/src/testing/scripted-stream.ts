import type { ModelEvent } from "../model/chat-model.ts";
import type { AssistantPart } from "../model/model-message.ts";

/** The events that stream one part: its text in pieces, or a call's arguments in pieces and then the call. */
export function* partEvents(part: AssistantPart, index: number, chunkSize: number): Generator<ModelEvent> {
  switch (part.kind) {
    case "text":
      for (const delta of chunks(part.text, chunkSize)) yield { kind: "text-delta", partId: `part-${index}`, delta };
      return;
    case "reasoning":
      for (const delta of chunks(part.text, chunkSize))
        yield { kind: "reasoning-delta", partId: `part-${index}`, delta };
      return;
    case "tool-call":
      for (const delta of chunks(part.arguments, chunkSize)) {
        yield { kind: "tool-call-delta", callId: part.callId, toolName: part.toolName, delta };
      }
      yield { kind: "tool-call", call: part };
      return;
    case "file":
      return;
  }
}

/** Cuts text into pieces of about `size` characters, never inside a surrogate pair. */
function* chunks(text: string, size: number): Generator<string> {
  let start = 0;
  while (start < text.length) {
    let end = Math.min(start + size, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end += 1;
    yield text.slice(start, end);
    start = end;
  }
}
