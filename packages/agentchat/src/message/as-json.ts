import type { JsonValue } from "@troupe/core";

/**
 * Names a value of this package's own types as JSON. Interfaces have no index signature, so the compiler cannot see it; the runtime checks
 * and copies whatever is sent, kept or emitted.
 */
export function asJson(value: object): JsonValue {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the one place where our own records become JSON
  return value as JsonValue;
}

/** The fields of a JSON object; none of anything else. For what was stored, whatever it has become. */
export function fieldsOf(value: JsonValue | undefined): Readonly<Record<string, JsonValue | undefined>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value));
}

/** The strings of a JSON array; none of anything else. */
export function stringsOf(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
