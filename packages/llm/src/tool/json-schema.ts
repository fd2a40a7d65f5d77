import { dereference, type OutputUnit, type Schema, type SchemaDraft, Validator } from "@cfworker/json-schema";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError } from "@troupe/core";
import { assertReferences, assertSchemaDocument, invalidDocument } from "./check-schema-document.ts";
import type { ToolSchema } from "./tool-schema.ts";

/** One thing about a value that does not fit a JSON Schema. */
export interface JsonSchemaIssue {
  readonly message: string;
  readonly path?: readonly (string | number)[];
}

/**
 * Makes a schema of a raw JSON Schema document: for tools of MCP servers, documents and other languages.
 *
 * Drafts 2020-12 (default), 2019-09, 7 and 4, chosen by `$schema`. Recursive schemas work. The document is checked and compiled once,
 * here; it may refer only to itself. Unknown formats are ignored, as the standard says.
 *
 * @typeParam T the type that the document describes: a promise of the caller, which the compiler cannot check.
 * @throws ConfigError `config.invalid_definition` for a document that is not a valid schema, naming the place.
 */
export function jsonSchema<T = unknown>(document: Record<string, unknown>): ToolSchema<T, T> {
  const check = compileJsonSchema(document);
  const text = JSON.stringify(document);
  const copy = (): Record<string, unknown> => parseDocument(text);
  return {
    "~standard": {
      version: 1,
      vendor: "troupe",
      validate: (value): StandardSchemaV1.Result<T> => {
        const issues = check(value);
        return isFitting<T>(value, issues) ? { value } : { issues: issues.map(toIssue) };
      },
      jsonSchema: { input: copy, output: copy },
    },
  };
}

/**
 * Compiles a JSON Schema document into a function that lists what does not fit. Fits core's `JsonSchemaCompiler` port.
 *
 * @throws ConfigError `config.invalid_definition` for a document that is not a valid schema.
 */
export function compileJsonSchema(document: Record<string, unknown>): (value: unknown) => readonly JsonSchemaIssue[] {
  assertSchemaDocument(document);
  // The validator writes marks into its document: it gets a copy of its own.
  const copy = parseDocument(JSON.stringify(document));
  const validator = compile(copy, draftOf(document));
  return (value) => {
    try {
      const result = validator.validate(value);
      return result.valid ? [] : listIssues(result.errors);
    } catch (error) {
      if (error instanceof RangeError) return [{ message: "The value is nested too deeply." }];
      return [{ message: error instanceof Error ? error.message : String(error) }];
    }
  };
}

function compile(document: Schema, draft: SchemaDraft): Validator {
  try {
    const validator = new Validator(document, draft, false);
    assertReferences(dereference(document));
    return validator;
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw invalidDocument(cause instanceof Error ? cause.message : String(cause));
  }
}

/** The document that a text holds, which was written from an object. */
function parseDocument(text: string): Record<string, unknown> {
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
}

/** The one promise of `jsonSchema<T>`: a value without issues is a `T`. */
function isFitting<T>(_value: unknown, issues: readonly JsonSchemaIssue[]): _value is T {
  return issues.length === 0;
}

function draftOf(document: Record<string, unknown>): SchemaDraft {
  const { $schema: named } = document;
  const dialect = typeof named === "string" ? named : "";
  if (/draft-0?[67]\b/.test(dialect)) return "7";
  if (/draft-0?4\b/.test(dialect)) return "4";
  return dialect.includes("2019-09") ? "2019-09" : "2020-12";
}

/** Keywords whose own error only repeats that of what they contain. */
const containers: ReadonlySet<string> = new Set([
  "$ref",
  "$recursiveRef",
  "additionalItems",
  "allOf",
  "dependentSchemas",
  "if",
  "items",
  "patternProperties",
  "prefixItems",
  "properties",
  "unevaluatedItems",
]);

function listIssues(errors: readonly OutputUnit[]): readonly JsonSchemaIssue[] {
  const issues: JsonSchemaIssue[] = [];
  errors.forEach((unit, index) => {
    const isForbidden = errors[index + 1]?.keyword === "false";
    if (unit.keyword === "false" && issues.length > 0) return;
    if (containers.has(unit.keyword) && !isForbidden) return;
    if (/^(additional|unevaluated)Properties$/.test(unit.keyword) && !isForbidden) return;
    const message = isForbidden ? `${unit.error.split(" does not")[0] ?? "This value"} is not allowed.` : unit.error;
    issues.push({ message, path: pathOf(unit.instanceLocation) });
  });
  return issues.length > 0 ? issues : [{ message: "The value does not fit the schema." }];
}

function pathOf(pointer: string): readonly (string | number)[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

function toIssue(issue: JsonSchemaIssue): StandardSchemaV1.Issue {
  return issue.path === undefined ? { message: issue.message } : { message: issue.message, path: issue.path };
}
