import { SerializationError } from "@troupe/core";
import type { JsonValue } from "../model/json.ts";
import { findFences } from "./fences.ts";

/**
 * The JSON values in a model's answer: one for each fenced block without a tag or with the tag `json`; without any fence, the whole text.
 *
 * @throws SerializationError `serialization.invalid_json` for a block with another tag, a block that is cut off, or text that is not JSON.
 */
export function extractJson(text: string): readonly JsonValue[] {
  const fences = findFences(text);
  if (fences.length === 0) return [parse(text, "The text")];
  return fences.map(({ language, body, isClosed }, index) => {
    const what = `Block ${index + 1} of the text`;
    if (language !== "" && language.toLowerCase() !== "json")
      throw notJson(`${what} is tagged "${language}", not json`, undefined);
    if (!isClosed) throw notJson(`${what} is cut off before its closing fence`, undefined);
    return parse(body, what);
  });
}

function parse(text: string, what: string): JsonValue {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isJson(parsed)) return parsed;
  } catch (cause) {
    throw notJson(`${what} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  throw notJson(`${what} is not JSON`, undefined);
}

/** Whatever `JSON.parse` returned is JSON. */
function isJson(parsed: unknown): parsed is JsonValue {
  return parsed !== undefined;
}

function notJson(message: string, cause: unknown): SerializationError {
  return new SerializationError("serialization.invalid_json", message, {
    remedy: "Ask the model for JSON alone, in one fenced block tagged json; or use a response format with a schema.",
    cause,
  });
}
