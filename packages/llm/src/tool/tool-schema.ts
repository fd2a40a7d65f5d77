import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError } from "@troupe/core";
import type { JsonObject } from "../model/json.ts";

/**
 * A schema that can both check arguments and tell a model about them: Standard Schema plus Standard JSON Schema.
 *
 * - zod (4.2 or newer), arktype: pass the schema as it is.
 * - valibot: wrap it with `toStandardJsonSchema(schema)` from `@valibot/to-json-schema`.
 * - raw JSON Schema: wrap it with `jsonSchema<T>(document)` from here.
 *
 * A compile error that names `jsonSchema` in `~standard` means that the library lacks the second half: wrap it.
 */
export type ToolSchema<In = unknown, Out = In> = StandardSchemaV1<In, Out> & StandardJSONSchemaV1<In, Out>;

/**
 * The JSON Schema of a tool's arguments as models get it: an object schema, draft 2020-12, plain JSON without `$schema`.
 *
 * @throws ConfigError `config.invalid_definition` when the schema has no JSON form or does not describe an object.
 */
export function toInputSchema(schema: ToolSchema, toolName: string): JsonObject {
  const document = convert(schema, toolName);
  const { $schema: _dialect, ...rest } = document;
  const type = rest["type"] ?? "object";
  if (type === "object") return { type, ...rest };
  throw new ConfigError(
    "config.invalid_definition",
    `The input of tool "${toolName}" is not an object: its JSON Schema has type ${JSON.stringify(type)}`,
    {
      remedy: "Models call tools with named arguments: wrap the value in an object schema with one property.",
      details: { tool: toolName },
    },
  );
}

function convert(schema: ToolSchema, toolName: string): Record<string, JsonObject[string]> {
  const converter: unknown = schema["~standard"].jsonSchema;
  if (typeof converter !== "object" || converter === null) throw noJsonForm(toolName, undefined);
  try {
    const document: unknown = JSON.parse(
      JSON.stringify(schema["~standard"].jsonSchema.input({ target: "draft-2020-12" })),
    );
    if (isObject(document)) return document;
  } catch (cause) {
    throw noJsonForm(toolName, cause);
  }
  throw noJsonForm(toolName, undefined);
}

function isObject(value: unknown): value is Record<string, JsonObject[string]> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function noJsonForm(toolName: string, cause: unknown): ConfigError {
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  return new ConfigError(
    "config.invalid_definition",
    `The input schema of tool "${toolName}" has no JSON Schema form${reason}`,
    {
      remedy:
        "Use zod 4.2 or newer, arktype, valibot with toStandardJsonSchema(), or jsonSchema() around a raw document.",
      cause,
      details: { tool: toolName },
    },
  );
}

/**
 * Refuses a schema that the strict mode of providers would refuse: every object must list all its properties as required and
 * allow no others.
 *
 * @throws ConfigError `config.invalid_definition` naming the place.
 */
export function assertStrictSchema(document: JsonObject, toolName: string): void {
  const problem = findLoosePlace(document, "$");
  if (problem === undefined) return;
  throw new ConfigError("config.invalid_definition", `Tool "${toolName}" is strict, but ${problem}`, {
    remedy:
      "Make every property required (nullable where it may be missing) and allow no others: z.strictObject({ ... }).",
    details: { tool: toolName },
  });
}

/** Whether the strict mode of providers would take a schema. */
export function isStrictSchema(document: JsonObject): boolean {
  return findLoosePlace(document, "$") === undefined;
}

function findLoosePlace(value: unknown, path: string): string | undefined {
  if (Array.isArray(value)) return firstOf(value.map((item, index) => [`${path}[${index}]`, item] as const));
  if (!isObject(value)) return undefined;
  const properties = value["properties"];
  if (value["type"] === "object" || isObject(properties)) {
    const required = value["required"];
    const names = Object.keys(isObject(properties) ? properties : {});
    const optional = names.filter((name) => !(Array.isArray(required) && required.includes(name)));
    if (optional.length > 0)
      return `${path} has the optional properties ${optional.map((name) => `"${name}"`).join(", ")}`;
    if (value["additionalProperties"] !== false) return `${path} allows additional properties`;
  }
  return firstOf(Object.entries(value).map(([key, item]) => [`${path}.${key}`, item] as const));
}

function firstOf(places: readonly (readonly [string, unknown])[]): string | undefined {
  for (const [path, item] of places) {
    const found = findLoosePlace(item, path);
    if (found !== undefined) return found;
  }
  return undefined;
}
