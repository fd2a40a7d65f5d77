import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type JsonValue, TroupeError } from "@troupe/core";
import { checkAnswer, type CheckAnswerOptions } from "@troupe/llm";

/** A model's answer as data. */
export interface ValidOutput {
  readonly kind: "valid";
  /** The input form of the schema: what is recorded. The run's result holds the output form. */
  readonly data: JsonValue;
  /** The data as JSON text. */
  readonly text: string;
}

/** A model's answer as data, or what is wrong with it in words the model can act on. */
export type ParsedOutput = ValidOutput | { readonly kind: "invalid"; readonly problem: string };

/** Reads the JSON in a model's answer and checks it; see `checkAnswer` for what is forgiven. */
export function parseOutput(schema: StandardSchemaV1, text: string, options: CheckAnswerOptions = {}): ParsedOutput {
  try {
    const checked = checkAnswer(schema, text, options);
    return checked.kind === "valid" ? { kind: "valid", data: checked.data, text: checked.text } : checked;
  } catch (error) {
    if (!TroupeError.isTroupeError(error)) throw error;
    return { kind: "invalid", problem: error.message };
  }
}
