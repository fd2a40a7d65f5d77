/** A JSON scalar. Numbers are finite: JSON has no `NaN` and no `Infinity`. */
export type JsonPrimitive = string | number | boolean | null;

/** A JSON object: what states, payloads, error details and inherited run context are made of. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Any value that survives `JSON.parse(JSON.stringify(value))` unchanged. */
export type JsonValue = JsonPrimitive | readonly JsonValue[] | JsonObject;
