import type { JsonValue, LiveEvent } from "@troupe/core";

interface Delta {
  readonly messageId: string;
  readonly delta: string;
}

/** Joins two pieces of one text for a reader that is behind: it gets longer pieces, and loses none. Of two pictures the newer says all. */
export function mergeDeltas(older: LiveEvent, newer: LiveEvent): LiveEvent | undefined {
  if (older.kind === "output-delta" && newer.kind === "output-delta")
    return isOfMessage(older.payload, newer.payload) ? newer : undefined;
  const isDelta = older.kind === newer.kind && (newer.kind === "text-delta" || newer.kind === "reasoning-delta");
  if (!isDelta || !isPiece(older.payload) || !isPiece(newer.payload)) return undefined;
  const { messageId } = newer.payload;
  if (older.payload.messageId !== messageId) return undefined;
  return { ...newer, payload: { messageId, delta: older.payload.delta + newer.payload.delta } };
}

function isOfMessage(older: JsonValue, newer: JsonValue): boolean {
  const id = messageIdOf(newer);
  return id !== undefined && id === messageIdOf(older);
}

function messageIdOf(value: JsonValue): JsonValue | undefined {
  return typeof value === "object" && value !== null && "messageId" in value ? value["messageId"] : undefined;
}

function isPiece(value: JsonValue): value is JsonValue & Delta {
  if (typeof value !== "object" || value === null || !("delta" in value)) return false;
  return typeof value["delta"] === "string" && typeof value["messageId"] === "string";
}
