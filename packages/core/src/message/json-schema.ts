import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonObject } from "./json.ts";

/** What a JSON Schema validator says about one value: nothing, when it fits. */
export interface JsonSchemaIssue {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
}

/**
 * Turns a JSON Schema document into a function that checks values. Core has no validator of its own: `@troupe/llm` brings one
 * (`jsonSchema()`), a program may bring another.
 */
export type JsonSchemaCompiler = (document: JsonObject) => (value: unknown) => readonly JsonSchemaIssue[];

/**
 * Makes a message schema of a raw JSON Schema document, compiled once.
 *
 * @typeParam T the type that the document describes: a promise of the caller, which the compiler cannot check.
 */
export function fromJsonSchema<T>(document: JsonObject, compile: JsonSchemaCompiler): StandardSchemaV1<T, T> {
  const check = compile(document);
  return {
    "~standard": {
      version: 1,
      vendor: "troupe",
      validate: (value) => {
        const issues = check(value);
        if (issues.length > 0) return { issues: issues.map(toIssue) };
        // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: the document vouches for T
        return { value: value as T };
      },
    },
  };
}

function toIssue(issue: JsonSchemaIssue): StandardSchemaV1.Issue {
  return issue.path === undefined ? { message: issue.message } : { message: issue.message, path: issue.path };
}
