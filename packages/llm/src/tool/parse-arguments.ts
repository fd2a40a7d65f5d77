import type { StandardSchemaV1 } from "@standard-schema/spec";

/** A checked value, or what is wrong with it in words a model can act on. */
export type Checked<T> =
  | { readonly kind: "valid"; readonly value: T }
  | { readonly kind: "invalid"; readonly problem: string };

/** Issues beyond this many are counted, not listed: one wrong array would fill the context. */
const maxIssues = 10;

/**
 * Reads the JSON text that a model wrote as a tool's arguments.
 *
 * Empty text means `{}`: models leave it out for tools without arguments. Two slips of models are repaired, because they lose nothing:
 * a Markdown fence around the JSON, and an object encoded twice. Cut-off text is never completed: half of an argument is not an argument.
 */
export function parseArgumentsText(text: string): Checked<Record<string, unknown>> {
  const trimmed = text.trim();
  if (trimmed === "") return { kind: "valid", value: {} };
  try {
    const first: unknown = JSON.parse(withoutFence(trimmed));
    const value: unknown = typeof first === "string" && first.trim().startsWith("{") ? JSON.parse(first) : first;
    if (isRecord(value)) return { kind: "valid", value };
    return invalid(`The arguments must be one JSON object, not ${nameOf(value)}.`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return invalid(`The arguments are not valid JSON: ${reason}. Send them again as one complete JSON object.`);
  }
}

/** Checks a value against a schema and lists what does not fit, with paths. Schemas must answer at once. */
export function checkSchema<Out>(schema: StandardSchemaV1<unknown, Out>, value: unknown, what: string): Checked<Out> {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise || "then" in result) {
    // Nobody will await it: keep a late rejection from surfacing as unhandled.
    Promise.resolve(result).catch(() => {});
    return invalid(
      `The schema of ${what} (${schema["~standard"].vendor}) answers with a promise; tool schemas must be synchronous.`,
    );
  }
  if (result.issues === undefined) return { kind: "valid", value: result.value };
  const lines = result.issues.slice(0, maxIssues).map((issue) => `- ${pathOf(issue)}: ${issue.message}`);
  const more = result.issues.length > maxIssues ? `\n- and ${result.issues.length - maxIssues} more` : "";
  return invalid(`${what[0]?.toUpperCase() ?? ""}${what.slice(1)} do not fit the schema:\n${lines.join("\n")}${more}`);
}

function withoutFence(text: string): string {
  const fenced = /^```(?:json)?[^\S\n]*\n([\s\S]*?)\n?```$/i.exec(text);
  return fenced?.[1] ?? text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  const steps = (issue.path ?? []).map((step) => (typeof step === "object" ? step.key : step));
  return steps.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}.${String(step)}`),
    "$",
  );
}

function invalid(problem: string): { readonly kind: "invalid"; readonly problem: string } {
  return { kind: "invalid", problem };
}
