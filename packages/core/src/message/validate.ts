import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type SerializationErrorCode, SerializationError } from "../errors/index.ts";

/** How a failed validation is reported. */
export interface ValidateOptions {
  /** Names the value in the error: `payload of "Deposit"`. */
  readonly what: string;
  /** Default `serialization.invalid_message`. */
  readonly code?: SerializationErrorCode | undefined;
}

/** Issues beyond this many are counted, not listed: errors travel. */
const maxIssues = 10;

/**
 * Checks a value against a Standard Schema and returns its output form.
 *
 * Schemas must answer at once: a turn commits synchronously, and what a schema looked up could not be replayed.
 *
 * @throws SerializationError `serialization.invalid_message` (or `options.code`) with the issues and their paths in its details;
 * `serialization.schema_async` when the schema returns a promise.
 */
export function validate<Out>(schema: StandardSchemaV1<unknown, Out>, value: unknown, options: ValidateOptions): Out {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise || isThenable(result)) throw schemaIsAsync(result, schema, options.what);
  if (result.issues === undefined) return result.value;
  throw doesNotFit(result.issues, options);
}

function isThenable(value: object): value is PromiseLike<unknown> {
  return "then" in value && typeof value.then === "function";
}

function schemaIsAsync(pending: PromiseLike<unknown>, schema: StandardSchemaV1, what: string): SerializationError {
  // Nobody will await it: keep a late rejection from surfacing as unhandled.
  pending.then(undefined, () => {});
  return new SerializationError(
    "serialization.schema_async",
    `The schema of ${what} (${schema["~standard"].vendor}) answers with a promise`,
    {
      remedy:
        "Remove asynchronous refinements and transforms from the schema; look things up in a step of the handler.",
    },
  );
}

function doesNotFit(issues: readonly StandardSchemaV1.Issue[], options: ValidateOptions): SerializationError {
  const listed = issues.slice(0, maxIssues).map((issue) => ({ path: pathOf(issue), message: issue.message }));
  const text = listed.map((issue) => `${issue.path}: ${issue.message}`).join("; ");
  const more = issues.length > maxIssues ? ` (and ${issues.length - maxIssues} more)` : "";
  return new SerializationError(
    options.code ?? "serialization.invalid_message",
    `The ${options.what} does not fit its schema: ${text}${more}`,
    {
      remedy: "Make the value fit the schema, or correct the schema.",
      details: { issues: listed },
    },
  );
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  const steps = (issue.path ?? []).map((step) => (typeof step === "object" ? step.key : step));
  return steps.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}.${String(step)}`),
    "$",
  );
}
