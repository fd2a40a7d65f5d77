import type { JsonObject, JsonValue } from "../errors/index.ts";
import { isJsonObject } from "./document.ts";
import { describe, type Field, mapOf, text } from "./field.ts";

/** A secret as documents have it: the name of a variable, whose value is looked up when it is needed. */
export interface SecretReference {
  readonly $env: string;
}

/** True for a reference to a secret. */
export function isSecretReference(value: unknown): value is SecretReference {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 1) return false;
  return "$env" in value && typeof value.$env === "string" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(value.$env);
}

/** How a document names a variable. */
const secretSchema: JsonObject = {
  type: "object",
  properties: { $env: { type: "string" } },
  required: ["$env"],
  additionalProperties: false,
};

/** A secret: a reference in the document, and only ever a reference. */
export const secret: Field<SecretReference> = {
  isOptional: false,
  takesNull: false,
  read: (value, place) => {
    if (isSecretReference(value)) return { $env: value.$env };
    throw place.invalid('holds a secret itself; put it into a variable and write { "$env": "ITS_NAME" }');
  },
  write: (value, place) => {
    if (isSecretReference(value)) return { $env: value.$env };
    throw place.refuse(
      "is a secret, and a document never holds one",
      'Give the option as { $env: "NAME" }, or leave it out so that the usual variable is read.',
    );
  },
  schema: secretSchema,
};

/** Keys whose values are secrets more often than not. */
const secretKey = /auth|cookie|credential|key|passw|secret|token/i;
/** ... and those of them that are figures or names in every provider's settings. */
const harmlessKey = /max.*token|tokens$|budget|keyword|author$|tokenizer|cache_?key/i;

/** JSON that anybody may read: texts under keys that sound like secrets must be references. */
export const openJson: Field<JsonObject> = {
  isOptional: false,
  takesNull: false,
  read: (value, place) => {
    if (!isJsonObject(value)) throw place.invalid(`is ${describe(value)}, not an object`);
    const found = findSecret(value);
    if (found === undefined) return value;
    throw place.invalid(`holds what sounds like a secret, under "${found}"`);
  },
  write: (value, place) => {
    const found = findSecret(value);
    if (found !== undefined)
      throw place.refuse(`holds what sounds like a secret, under "${found}"`, "Give it to the model in code.");
    if (!isPlainObject(value)) throw place.refuse(`is ${describe(value)}, not an object`, "Give a plain object.");
    return value;
  },
  schema: { type: "object" },
};

/** Texts by name that anybody may read, such as headers: those whose names sound like secrets are refused. */
export const openTexts: Field<Readonly<Record<string, string>>> = {
  isOptional: false,
  takesNull: false,
  read: (value, place) => mapOf(text).read(openJson.read(value, place), place),
  write: (value, place) => mapOf(text).write(openJson.write(value, place), place),
  schema: { type: "object", additionalProperties: { type: "string" } },
};

function findSecret(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const entries: [string, unknown][] = Object.entries(value);
  for (const [key, item] of entries) {
    if (typeof item === "string" && secretKey.test(key) && !harmlessKey.test(key)) return key;
    const inside = findSecret(item);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

function isPlainObject(value: unknown, depth = 0): value is JsonObject {
  return isJsonObject(value) && Object.values(value).every((item) => isJson(item, depth + 1));
}

function isJson(value: unknown, depth: number): value is JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth > 100) return false;
  return Array.isArray(value) ? value.every((item) => isJson(item, depth + 1)) : isPlainObject(value, depth);
}

/**
 * Something only a program can make, a function or a schema: `{ "$named": "..." }` in the document, a value in the registry.
 *
 * @typeParam T what the program registered under that name: its promise.
 * @param isFitting the part of the promise that can be checked.
 */
export function named<T>(isFitting: (value: unknown) => value is T, what: string): Field<T> {
  return {
    isOptional: false,
    takesNull: false,
    read: (value, place) => {
      const name = isJsonObject(value) ? value["$named"] : undefined;
      if (typeof name !== "string")
        throw place.invalid(`is ${describe(value)}, not { "$named": "..." } for ${what} of the program`);
      const found = place.loader.named(name);
      if (isFitting(found)) return found;
      throw place.unknown(
        `names "${name}", and the program registered no ${what} of that name`,
        `Register it: named: { ${JSON.stringify(name)}: ... }.`,
      );
    },
    write: (value, place) => {
      const name = place.dialect === "troupe" ? place.dumper.nameOf(value) : undefined;
      if (name !== undefined) return { $named: name };
      throw place.refuse(
        `is ${describe(value)} that has no name`,
        place.dialect === "troupe"
          ? `Register the ${what} under a name: named: { name: ... }.`
          : `Leave the ${what} out: only documents of this system can name it.`,
      );
    },
    schema: { type: "object", properties: { $named: { type: "string" } }, required: ["$named"] },
  };
}

/**
 * A component inside another one.
 *
 * @param types component types that may stand here.
 * @param isFitting the guard that makes the option's type of it.
 */
export function child<T extends object>(
  types: string | readonly string[],
  isFitting: (value: unknown) => value is T,
): Field<T> {
  const names = typeof types === "string" ? [types] : types;
  const type = names.join(" or ");
  return {
    isOptional: false,
    takesNull: false,
    read: (value, place) => {
      const made = place.loader.load(value, type, place);
      if (isFitting(made)) return made;
      throw place.invalid(`is not a component of type ${type}`);
    },
    write: (value, place) => {
      if (typeof value === "object" && value !== null) return place.dumper.dump(value, type, place);
      throw place.refuse(`is ${describe(value)}, not a component of type ${type}`, "Give the component.");
    },
    schema: names.length === 1 ? typeReference(type) : { anyOf: names.map(typeReference) },
  };
}

function typeReference(type: string): JsonObject {
  return { $ref: `#/$defs/type-${type}` };
}
