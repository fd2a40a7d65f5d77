import { ConfigError, type JsonObject, type JsonValue } from "../errors/index.ts";

/** A component as data: what a program, an editor or AutoGen writes down of an agent, a team, a model, a condition. */
export interface ComponentDocument {
  /** Names what it is: `@troupe/agentchat/AssistantAgent`, or a name of AutoGen's. */
  readonly provider: string;
  /** `agent`, `team`, `model`, `tool`, `termination`...: for people and editors. */
  readonly component_type?: string | null;
  readonly version?: number | null;
  /** The version of the form of `config`; default: the newest that is known. */
  readonly component_version?: number | null;
  readonly description?: string | null;
  readonly label?: string | null;
  readonly config: JsonObject;
}

/** Levels of objects and lists in a document; a team in a team takes three. */
const maxDepth = 200;
/** Values in a document, those of shared parts counted each time. */
const maxValues = 100_000;
/** Characters of all texts and keys of a document. */
const maxCharacters = 10_000_000;

/**
 * A copy of a document that is plain JSON within limits, whatever it was: 200 levels, 100,000 values, 10 million characters.
 *
 * Nothing of the given objects is kept, so nobody can change what was checked. The key `__proto__` is refused wherever it is.
 *
 * @param document an object, or JSON text.
 * @throws ConfigError `config.invalid_document`.
 */
export function copyDocument(document: unknown): JsonValue {
  const value = typeof document === "string" ? parseText(document) : document;
  return copy(value, { path: "", depth: 0, used: { values: 0, characters: 0 } });
}

interface Place {
  readonly path: string;
  readonly depth: number;
  readonly used: { values: number; characters: number };
}

function copy(value: unknown, place: Place): JsonValue {
  spend(place, typeof value === "string" ? value.length : 0);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value !== "object" || !isPlain(value)) throw invalidDocument(place.path, `is ${nameOf(value)}, not JSON`);
  if (place.depth >= maxDepth) throw invalidDocument(place.path, `is nested more than ${maxDepth} levels deep`);
  if (Array.isArray(value)) return value.map((item: unknown, index) => copy(item, below(place, `[${index}]`)));
  const entries: [string, JsonValue][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    spend(place, key.length);
    if (key === "__proto__") throw invalidDocument(place.path, 'has a key "__proto__"');
    entries.push([key, copy(item, below(place, place.path === "" ? key : `.${key}`))]);
  }
  return Object.fromEntries(entries);
}

function below(place: Place, step: string): Place {
  return { path: `${place.path}${step}`, depth: place.depth + 1, used: place.used };
}

function spend({ used, path }: Place, characters: number): void {
  used.values += 1;
  used.characters += characters;
  if (used.values > maxValues) throw invalidDocument(path, `is behind more than ${maxValues} values`);
  if (used.characters > maxCharacters) throw invalidDocument(path, `is behind more than ${maxCharacters} characters`);
}

function parseText(text: string): unknown {
  if (text.length > 2 * maxCharacters) throw invalidDocument("", `has ${text.length} characters`);
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch (cause) {
    throw invalidDocument("", "is not JSON", cause);
  }
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function nameOf(value: unknown): string {
  if (typeof value === "object" && value !== null) return `a ${value.constructor.name}`;
  return typeof value === "number" ? String(value) : typeof value;
}

/** Longest path that is shown whole. */
const maxPath = 200;

/** The error of a document that says something that cannot be. The path is where: `config.participants[1].config.name`. */
export function invalidDocument(path: string, problem: string, cause?: unknown): ConfigError {
  return new ConfigError("config.invalid_document", `${describePath(path)} ${problem}`, {
    remedy: "Correct the document at that place; `troupe schema` prints what each component may hold.",
    cause,
    details: { path: shorten(path) },
  });
}

/** How a place is called in messages. */
export function describePath(path: string): string {
  return path === "" ? "The document" : `"${shorten(path)}" of the document`;
}

function shorten(path: string): string {
  return path.length <= maxPath ? path : `${path.slice(0, maxPath / 2)}...${path.slice(-maxPath / 2)}`;
}

/** True for an object of a document. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
