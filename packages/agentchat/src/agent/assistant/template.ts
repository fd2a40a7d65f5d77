import { ConfigError, type JsonValue } from "@troupe/core";

/** Fills a template with values. Missing values become nothing. */
export type Template = (values: Readonly<Record<string, JsonValue>>) => string;

/** What a template is checked against. */
export interface TemplateCheck {
  /** The option it was given in, for errors. */
  readonly option: string;
  /** Names that may stand in braces; undefined when they are not known. */
  readonly names: readonly string[] | undefined;
}

type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "value"; readonly path: readonly string[] };

/**
 * Reads a template once: `{name}` stands for a value, `{name.part}` for a part of it, `{{` and `}}` for braces.
 *
 * Strings are filled in as they are, other values as JSON. A value is never read as a template.
 *
 * @throws ConfigError `config.invalid_option` for a name that is not known, or a brace that stands alone.
 */
export function parseTemplate(template: string, check: TemplateCheck): Template {
  const pieces = [...readPieces(template, check)];
  return (values) =>
    pieces.map((piece) => (piece.kind === "text" ? piece.text : describe(pick(values, piece.path)))).join("");
}

function* readPieces(template: string, check: TemplateCheck): Generator<Piece> {
  for (const [whole] of template.matchAll(/\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g)) {
    if (whole === "{" || whole === "}") throw invalid(check, `a "${whole}" that stands alone`);
    if (whole === "{{" || whole === "}}") yield { kind: "text", text: whole.slice(1) };
    else if (whole.startsWith("{")) yield { kind: "value", path: readPath(whole.slice(1, -1), check) };
    else yield { kind: "text", text: whole };
  }
}

function readPath(text: string, check: TemplateCheck): readonly string[] {
  const path = text.trim().split(".");
  const { names } = check;
  const isKnown = names === undefined || names.includes(path[0] ?? "");
  if (isKnown && path.every((part) => part !== "")) return path;
  throw invalid(check, `"{${text}}"`);
}

function pick(values: Readonly<Record<string, JsonValue>>, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = { ...values };
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([key]) => key === part)?.[1];
  }
  return value;
}

function describe(value: JsonValue | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function invalid({ option, names }: TemplateCheck, problem: string): ConfigError {
  const known = names === undefined ? "names of fields" : names.map((name) => `{${name}}`).join(", ");
  return new ConfigError("config.invalid_option", `${option} holds ${problem}`, {
    remedy: `Use ${known}; write {{ and }} for braces.`,
    details: { option },
  });
}
