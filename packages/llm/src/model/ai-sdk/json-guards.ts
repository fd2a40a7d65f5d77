import type { JsonObject, JsonValue } from "../json.ts";

/** A plain record read from outside: every member is unknown until looked at. */
export type UnknownRecord = Readonly<Record<string, unknown>>;

/** Whether a value is an object that is not an array. */
export function isRecord(value: unknown): value is UnknownRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member as a string, or `undefined`. */
export function stringAt(record: UnknownRecord, key: string): string | undefined {
  const value = record[key];
  return typeof value === "string" ? value : undefined;
}

/** The member as a finite number, or `undefined`. */
export function numberAt(record: UnknownRecord, key: string): number | undefined {
  const value = record[key];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** The member as a record; an empty one when it is none. */
export function recordAt(record: UnknownRecord, key: string): UnknownRecord {
  const value = record[key];
  return isRecord(value) ? value : {};
}

/** The member as a list; an empty one when it is none. */
export function listAt(record: UnknownRecord, key: string): readonly unknown[] {
  const value = record[key];
  return Array.isArray(value) ? value : [];
}

/** JSON text as a value; `undefined` when it is not JSON. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isParsedJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whatever `JSON.parse` gives is JSON; the check only tells the compiler. */
function isParsedJson(value: unknown): value is JsonValue {
  return value !== undefined;
}

/** A value as plain JSON data, without what JSON cannot hold; `undefined` when it is no object or cannot be written. */
export function toJsonObject(value: unknown): JsonObject | undefined {
  if (!isRecord(value)) return undefined;
  try {
    const parsed: unknown = JSON.parse(JSON.stringify(value));
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value that came from `JSON.parse` is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return isRecord(value);
}
