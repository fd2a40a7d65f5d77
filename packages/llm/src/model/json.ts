import type { JsonObject, JsonValue } from "@troupe/core";

export type { JsonObject, JsonValue };

/** True for an object of JSON: no list, not null. For values that came from JSON text or from a document. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
