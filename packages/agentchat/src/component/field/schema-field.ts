import { type Field, fields, type JsonObject, toJson } from "@troupe/core";
import { jsonSchema, type ToolSchema } from "@troupe/llm";

type AnySchema = ToolSchema<unknown, unknown>;

/** Any JSON object. */
export const anyObject: Field<JsonObject> = /* @__PURE__ */ fields.plain(isJsonObject, "an object", { type: "object" });

const byName: Field<AnySchema> = /* @__PURE__ */ fields.named(isSchema, "schema");

/**
 * A schema: JSON Schema in the document when it was made by `jsonSchema()`, else the name under which the program registered it. A schema of
 * another library can check more than its JSON form says, so it is never written as that.
 */
export const schemaField: Field<AnySchema> = {
  isOptional: false,
  takesNull: false,
  read: (value, place) => {
    const document = anyObject.read(value, place);
    if (Object.hasOwn(document, "$named")) return byName.read(document, place);
    try {
      return jsonSchema({ ...document });
    } catch (error) {
      throw place.invalid(`is no usable JSON Schema: ${error instanceof Error ? error.message : ""}`, error);
    }
  },
  write: (value, place) => {
    const document = documentOf(value);
    return document ?? byName.write(value, place);
  },
  schema: { anyOf: [anyObject.schema, byName.schema] },
};

/** The JSON Schema that a schema was made of; undefined for one that was made of something else. */
export function documentOf(schema: unknown): JsonObject | undefined {
  if (!isSchema(schema) || schema["~standard"].vendor !== "troupe") return undefined;
  const document = toJson(schema["~standard"].jsonSchema.input({ target: "draft-2020-12" }), "schema");
  return isJsonObject(document) ? document : undefined;
}

function isSchema(value: unknown): value is AnySchema {
  if (typeof value !== "object" && typeof value !== "function") return false;
  if (value === null || !("~standard" in value)) return false;
  const standard = value["~standard"];
  return typeof standard === "object" && standard !== null && "validate" in standard && "jsonSchema" in standard;
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
