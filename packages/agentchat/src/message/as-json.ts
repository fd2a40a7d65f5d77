import type { JsonValue } from "@troupe/core";

/**
 * Names a value of this package's own types as JSON. Interfaces have no index signature, so the compiler cannot see it; the runtime checks
 * and copies whatever is sent, kept or emitted.
 */
export function asJson(value: object): JsonValue {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the one place where our own records become JSON
  return value as JsonValue;
}
