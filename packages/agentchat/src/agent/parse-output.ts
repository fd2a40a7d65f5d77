import type { StandardSchemaV1 } from "@standard-schema/spec";
import { decodeJson, type JsonValue, TroupeError, validate } from "@troupe/core";

/** A model's answer as data, or what is wrong with it in words the model can act on. */
export type ParsedOutput =
  | { readonly kind: "valid"; readonly data: JsonValue }
  | { readonly kind: "invalid"; readonly problem: string };

/**
 * Reads the JSON of a model's answer and checks it. A Markdown fence around it is taken off.
 *
 * The data is the input form of the schema: what is recorded. The run's result holds the output form.
 */
export function parseOutput(schema: StandardSchemaV1, text: string): ParsedOutput {
  const fenced = /^\s*```(?:json)?[^\S\n]*\n([\s\S]*?)\n?```\s*$/i.exec(text);
  try {
    const data = decodeJson(fenced?.[1] ?? text, "Your answer");
    validate(schema, data, { what: "answer" });
    return { kind: "valid", data };
  } catch (error) {
    if (!TroupeError.isTroupeError(error)) throw error;
    return { kind: "invalid", problem: error.message };
  }
}
