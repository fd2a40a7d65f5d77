import { ConfigError } from "@troupe/core";

/** The form that the value of a keyword must have. */
type Form =
  | "schema"
  | "schema-list"
  | "schema-map"
  | "items"
  | "type"
  | "text"
  | "pattern"
  | "names"
  | "count"
  | "number"
  | "list"
  | "flag";

/** Keywords of the drafts that are understood, by the form of their values. Unknown keywords are annotations. */
const keywordsByForm = [
  ["text", ["$anchor", "$id", "$ref", "format"]],
  ["schema-map", ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"]],
  [
    "schema",
    [
      "additionalItems",
      "additionalProperties",
      "contains",
      "else",
      "if",
      "not",
      "propertyNames",
      "then",
      "unevaluatedItems",
      "unevaluatedProperties",
    ],
  ],
  ["schema-list", ["allOf", "anyOf", "oneOf", "prefixItems"]],
  ["list", ["enum"]],
  ["items", ["items"]],
  ["count", ["maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties"]],
  ["number", ["maximum", "minimum", "multipleOf"]],
  ["pattern", ["pattern"]],
  ["names", ["required"]],
  ["type", ["type"]],
  ["flag", ["uniqueItems"]],
] as const;

function indexForms(): ReadonlyMap<string, Form> {
  return new Map(keywordsByForm.flatMap(([form, keywords]) => keywords.map((keyword) => [keyword, form] as const)));
}

// Marked pure, here and below, so that a bundler drops this file from programs without raw JSON Schema.
const forms = /* @__PURE__ */ indexForms();

const typeNameList = ["array", "boolean", "integer", "null", "number", "object", "string"] as const;
const typeNames: ReadonlySet<unknown> = /* @__PURE__ */ new Set(typeNameList);

/** Deeper documents are refused: a cycle, or an attack. */
const maxDepth = 200;

/**
 * Checks that a value is a JSON Schema document: keywords with values of the right form, patterns that compile, no cycle.
 *
 * @throws ConfigError `config.invalid_definition` naming the place.
 */
export function assertSchemaDocument(document: unknown): void {
  checkSchema(document, { path: "$", depth: 0 });
}

interface Place {
  readonly path: string;
  readonly depth: number;
}

function checkSchema(schema: unknown, place: Place): void {
  if (typeof schema === "boolean" && place.depth > 0) return;
  if (!isRecord(schema)) throw invalidDocument(`${place.path} is not a schema: ${describe(schema)}`);
  if (place.depth > maxDepth) throw invalidDocument(`${place.path.slice(0, 100)}... is a cycle, or nested too deeply`);
  for (const [keyword, value] of Object.entries(schema)) {
    const form = forms.get(keyword);
    if (form !== undefined && value !== undefined)
      checkKeyword(form, value, { path: `${place.path}.${keyword}`, depth: place.depth + 1 });
    if (keyword === "patternProperties" && isRecord(value))
      Object.keys(value).forEach((pattern) => checkPattern(pattern, place.path));
  }
}

function checkKeyword(form: Form, value: unknown, place: Place): void {
  switch (form) {
    case "schema":
      return checkSchema(value, place);
    case "schema-list":
      return Array.isArray(value) && value.length > 0
        ? checkSchemas(value, place)
        : refuse(value, place, "a list of schemas");
    case "schema-map":
      return isRecord(value) ? checkSchemas(value, place) : refuse(value, place, "an object of schemas");
    case "items":
      return Array.isArray(value) ? checkSchemas(value, place) : checkSchema(value, place);
    case "pattern":
      return typeof value === "string" ? checkPattern(value, place.path) : refuse(value, place, "a pattern");
    default:
      if (!simpleForms[form](value)) refuse(value, place, formNames[form]);
  }
}

const simpleForms: Readonly<
  Record<"type" | "text" | "names" | "count" | "number" | "list" | "flag", (value: unknown) => boolean>
> = {
  type: (value) =>
    Array.isArray(value) ? value.length > 0 && value.every((item) => typeNames.has(item)) : typeNames.has(value),
  text: (value) => typeof value === "string",
  names: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
  count: (value) => typeof value === "number" && Number.isInteger(value) && value >= 0,
  number: (value) => typeof value === "number" && Number.isFinite(value),
  list: (value) => Array.isArray(value),
  flag: (value) => typeof value === "boolean",
};

function describeTypes(): string {
  return `one of ${typeNameList.join(", ")}, or a list of them`;
}

const formNames: Readonly<Record<keyof typeof simpleForms, string>> = {
  type: /* @__PURE__ */ describeTypes(),
  text: "a string",
  names: "a list of property names",
  count: "a whole number of at least 0",
  number: "a number",
  list: "a list",
  flag: "true or false",
};

function checkSchemas(schemas: readonly unknown[] | Readonly<Record<string, unknown>>, place: Place): void {
  for (const [key, schema] of Object.entries(schemas))
    checkSchema(schema, { path: `${place.path}.${key}`, depth: place.depth + 1 });
}

function checkPattern(pattern: string, path: string): void {
  try {
    new RegExp(pattern, "u");
  } catch (cause) {
    throw invalidDocument(
      `${path} holds a pattern that does not compile: ${cause instanceof Error ? cause.message : pattern}`,
    );
  }
}

/**
 * Checks the references of a resolved document: each must exist in it, and none may lead back to itself without going deeper into the
 * value, for checking would never end.
 *
 * @param schemas every schema of the document by its absolute address, as the validator resolved them.
 * @throws ConfigError `config.invalid_definition` naming the reference.
 */
export function assertReferences(schemas: Readonly<Record<string, unknown>>): void {
  const finished = new Set<unknown>();
  const visit = (schema: unknown, trail: readonly unknown[]): void => {
    if (!isRecord(schema) || finished.has(schema)) return;
    if (trail.includes(schema)) throw invalidDocument("a $ref leads back to itself");
    for (const next of inPlace(schema, schemas)) visit(next, [...trail, schema]);
    finished.add(schema);
  };
  for (const schema of Object.values(schemas)) visit(schema, []);
}

/** The schemas that are applied to the same value as this one. */
function inPlace(
  schema: Readonly<Record<string, unknown>>,
  schemas: Readonly<Record<string, unknown>>,
): readonly unknown[] {
  const single = [schema["not"], schema["if"], schema["then"], schema["else"]];
  const lists = [schema["allOf"], schema["anyOf"], schema["oneOf"]].flatMap((list): unknown[] =>
    Array.isArray(list) ? list : [],
  );
  const address = schema["__absolute_ref__"];
  if (typeof address !== "string") return [...single, ...lists];
  if (!Object.hasOwn(schemas, address))
    throw invalidDocument(`the $ref "${String(schema["$ref"])}" leads nowhere in the document`);
  return [...single, ...lists, schemas[address]];
}

/** The error for a document that is not a usable JSON Schema. */
export function invalidDocument(problem: string): ConfigError {
  return new ConfigError("config.invalid_definition", `The JSON Schema document is not valid: ${problem}`, {
    remedy:
      "Correct the document at that place; see https://json-schema.org. References must stay inside the document.",
  });
}

function refuse(value: unknown, place: Place, expected: string): never {
  throw invalidDocument(`${place.path} is ${describe(value)}, not ${expected}`);
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "number" || typeof value === "boolean" ? `${value}` : `a ${typeof value}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
