import type { StandardSchemaV1 } from "@standard-schema/spec";
import { TroupeError, validate } from "@troupe/core";
import { canonicalJson } from "../model/canonical-json.ts";
import { isJsonObject, type JsonValue } from "../model/json.ts";
import { findAnswers } from "./find-answers.ts";

/** A model's answer as data, or what is wrong with it in words that the model can act on. */
export type CheckedAnswer<Output> =
  | {
      readonly kind: "valid";
      /** The output form of the schema. */
      readonly value: Output;
      /** The input form: plain JSON, what to record. */
      readonly data: JsonValue;
      /** The JSON alone: as the model wrote it when it wrote nothing else. */
      readonly text: string;
    }
  | { readonly kind: "invalid"; readonly problem: string };

/** How to read an answer. */
export interface CheckAnswerOptions {
  /** The answer ended early (finish reason `length`, `content-filter`). */
  readonly isCut?: boolean | undefined;
  /** The answer was asked for as `{ "value": ... }`, because providers want an object. */
  readonly isWrapped?: boolean | undefined;
}

/**
 * Reads the JSON in a model's words and checks it against a schema.
 *
 * Slips that leave no doubt are forgiven (see `JsonReader`): fences, words around the JSON, a comma too much. Two different values that both
 * fit are a doubt, and cut-off text is never completed: both are problems, never a guess.
 *
 * @throws SerializationError `serialization.schema_async` for a schema that answers with a promise.
 */
export function checkAnswer<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  answer: string,
  options: CheckAnswerOptions = {},
): CheckedAnswer<Output> {
  const { readings, problem } = findAnswers(answer, options.isCut);
  let misfit: string | undefined;
  for (const reading of readings) {
    const candidates = options.isWrapped === true ? [...reading.flatMap(unwrap), ...reading] : reading;
    const checked = candidates.map((data) => checkValue(schema, data));
    const fitting = distinct(checked.filter((outcome) => outcome.kind === "valid"));
    if (fitting.length > 1)
      return { kind: "invalid", problem: "Your answer holds more than one JSON value that would fit." };
    const [only] = fitting;
    if (only !== undefined) return problem === undefined ? { ...only, text: textOf(answer, only) } : only;
    misfit ??= checked.map((outcome) => (outcome.kind === "invalid" ? outcome.problem : undefined))[0];
  }
  return { kind: "invalid", problem: misfit ?? problem ?? "Your answer is not JSON." };
}

type ValidAnswer<Output> = Extract<CheckedAnswer<Output>, { readonly kind: "valid" }>;

function checkValue<Output>(schema: StandardSchemaV1<unknown, Output>, data: JsonValue): CheckedAnswer<Output> {
  try {
    const value = validate(schema, data, { what: "answer" });
    return { kind: "valid", value, data, text: JSON.stringify(data) };
  } catch (error) {
    if (!TroupeError.isTroupeError(error) || error.code === "serialization.schema_async") throw error;
    return { kind: "invalid", problem: `${error.message}.` };
  }
}

/** The words of the model, unless what counts is only a part of them. */
function textOf<Output>(answer: string, { data, text }: ValidAnswer<Output>): string {
  try {
    const said: unknown = JSON.parse(answer);
    return canonicalJson(said) === canonicalJson(data) ? answer.trim() : text;
  } catch {
    return text;
  }
}

function distinct<Output>(answers: readonly ValidAnswer<Output>[]): readonly ValidAnswer<Output>[] {
  return [...new Map(answers.map((answer) => [canonicalJson(answer.data), answer])).values()];
}

function unwrap(data: JsonValue): readonly JsonValue[] {
  if (!isJsonObject(data) || Object.keys(data).length !== 1) return [];
  const { value } = data;
  return value === undefined ? [] : [value];
}
