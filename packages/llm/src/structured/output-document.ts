import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { canonicalJson } from "../model/canonical-json.ts";
import { isJsonObject, type JsonObject } from "../model/json.ts";

/** The form of an answer as a model is told it. */
export interface OutputDocument {
  readonly schema: JsonObject;
  /** The answer is the member `value` of an object, because it is no object itself and providers want one. */
  readonly isWrapped: boolean;
}

/**
 * The JSON Schema of an answer, draft 2020-12: of what the model has to write, the input form. Undefined for a schema library that has no
 * JSON form to give: the model is then asked for JSON, told what does not fit, and checked as always.
 */
export function outputDocument(schema: StandardSchemaV1): OutputDocument | undefined {
  const document = documentOf(schema);
  if (document === undefined) return undefined;
  if (document["type"] === "object") return { schema: document, isWrapped: false };
  // Definitions are referred to from the root.
  const { $defs, definitions, ...value } = document;
  return {
    schema: {
      type: "object",
      properties: { value },
      required: ["value"],
      additionalProperties: false,
      ...($defs !== undefined && { $defs }),
      ...(definitions !== undefined && { definitions }),
    },
    isWrapped: true,
  };
}

function documentOf(schema: StandardSchemaV1): JsonObject | undefined {
  if (!hasJsonForm(schema)) return undefined;
  const { input, output } = schema["~standard"].jsonSchema;
  const written = plainDocument(input);
  const read = plainDocument(output);
  // Some libraries close objects in the output form only, and strict modes of providers want them closed.
  return read !== undefined && openForm(read) === openForm(written) ? read : written;
}

type Converter = StandardJSONSchemaV1["~standard"]["jsonSchema"]["input"];

/** The document goes to a provider: plain JSON, nothing of the library. Undefined for what has no JSON form. */
function plainDocument(convert: Converter): JsonObject | undefined {
  try {
    const { $schema: _dialect, ...document } = convert({ target: "draft-2020-12" });
    const plain: unknown = JSON.parse(JSON.stringify(document));
    return isJsonObject(plain) ? plain : undefined;
  } catch {
    return undefined;
  }
}

function openForm(document: JsonObject | undefined): string {
  return canonicalJson(document)
    .replaceAll('"additionalProperties":false,', "")
    .replaceAll(/,?"additionalProperties":false/g, "");
}

function hasJsonForm(schema: StandardSchemaV1): schema is StandardSchemaV1 & StandardJSONSchemaV1 {
  return "jsonSchema" in schema["~standard"];
}
