/** A value that JSON can hold: what crosses the wire and what a store keeps. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A JSON object: tool arguments, provider options, schemas. */
export type JsonObject = { readonly [key: string]: JsonValue };
