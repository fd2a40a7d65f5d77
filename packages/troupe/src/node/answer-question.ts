import type { Prompter } from "./prompter.ts";

/** A question as a run asks it: words, and the JSON Schema of an answer. */
export interface AskedQuestion {
  readonly prompt: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

/** What came of asking: an answer of the schema's shape, or none because the input ended. */
export type Answer = { readonly kind: "answered"; readonly value: unknown } | { readonly kind: "no-answer" };

/**
 * Asks a person for an answer that fits a JSON Schema: yes or no for booleans, a choice for enumerations, words for strings,
 * one question per property for objects, JSON text for everything else. An empty line leaves out a property in words that is not required.
 */
export async function answerQuestion({ prompt, schema }: AskedQuestion, prompter: Prompter): Promise<Answer> {
  const choices = schema["enum"];
  if (Array.isArray(choices) && choices.every((choice) => typeof choice === "string"))
    return answered(await prompter.choose(prompt, choices));
  switch (schema["type"]) {
    case "boolean":
      return answered(await prompter.confirm(prompt));
    case "string":
      return answered(await prompter.text(prompt));
    case "number":
    case "integer":
      return answerWith(await prompter.text(prompt), Number);
    case "object":
      return answerObject({ prompt, schema }, prompter);
    default:
      return answerWith(await prompter.text(prompt), parseLoosely);
  }
}

async function answerObject({ prompt, schema }: AskedQuestion, prompter: Prompter): Promise<Answer> {
  const properties = Object.entries(schema["properties"] ?? {}).flatMap(([name, value]: [string, unknown]) =>
    isRecord(value) ? [{ name, value }] : [],
  );
  if (properties.length === 0) return answerWith(await prompter.text(`${prompt} (as JSON)`), parseLoosely);
  const answers: Record<string, unknown> = {};
  for (const { name, value } of properties) {
    const isOptional = value["type"] === "string" && isLeftOpen(schema, name);
    const hint = typeof value["description"] === "string" ? value["description"] : name;
    const label = isOptional ? `${hint}; Enter to skip` : hint;
    const answer = await answerQuestion({ prompt: `${prompt} [${label}]`, schema: value }, prompter);
    if (answer.kind === "no-answer") return answer;
    if (!isOptional || answer.value !== "") answers[name] = answer.value;
  }
  return { kind: "answered", value: answers };
}

/** True for a property that the schema does not require. */
function isLeftOpen(schema: AskedQuestion["schema"], name: string): boolean {
  const { required } = schema;
  return !(Array.isArray(required) && required.includes(name));
}

function answered(value: unknown): Answer {
  return value === undefined ? { kind: "no-answer" } : { kind: "answered", value };
}

function answerWith(text: string | undefined, parse: (text: string) => unknown): Answer {
  return text === undefined ? { kind: "no-answer" } : { kind: "answered", value: parse(text) };
}

/** JSON when the text is JSON, else the text itself: the run's own schema check has the last word. */
function parseLoosely(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
