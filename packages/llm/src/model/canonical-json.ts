import type { ModelRequest } from "./chat-model.ts";

/**
 * JSON text that is equal for equal values: object keys are sorted and undefined members dropped.
 *
 * Used for cassette and cache keys, where the order in which a program wrote its keys must not matter.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (isRecord(member) ? sortKeys(member) : member)) ?? "null";
}

/** The part of a request that decides the answer, as canonical text: everything but `signal` and `headers`. */
export function requestKey(request: ModelRequest): string {
  const { signal: _signal, headers: _headers, ...rest } = request;
  return canonicalJson(rest);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sortKeys(record: Record<string, unknown>): Record<string, unknown> {
  // `fromEntries` defines own properties, so a key named "__proto__" stays data.
  return Object.fromEntries(
    Object.keys(record)
      .sort()
      .map((key) => [key, record[key]]),
  );
}
