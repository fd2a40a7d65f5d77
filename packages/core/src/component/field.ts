import type { JsonObject, JsonValue } from "../errors/index.ts";
import { isJsonObject } from "./document.ts";
import type { DumpPlace, LoadPlace } from "./place.ts";

/** How one option of a component is read from a document, written into one, and described to editors. */
export interface Field<T> {
  /** True when a document may leave it out. */
  readonly isOptional: boolean;
  /** True when null is a value and not another word for "left out". */
  readonly takesNull: boolean;
  /** @throws ConfigError `config.invalid_document` naming the place. */
  read(value: JsonValue, place: LoadPlace): T;
  /** @throws ConfigError `config.not_dumpable` naming the place. */
  write(value: unknown, place: DumpPlace): JsonValue;
  /** JSON Schema of the value. */
  readonly schema: JsonObject;
}

/** The fields of a component, one for each option: an option without one is a compile error, so that none gets lost. */
export type Fields<Options> = { readonly [Name in keyof Options]-?: Field<Options[Name]> };

/** A field of one JSON form, given as a guard. */
export function plainField<T extends JsonValue>(
  isFitting: (value: unknown) => value is T,
  what: string,
  schema: JsonObject,
): Field<T> {
  return {
    isOptional: false,
    takesNull: false,
    read: (value, place) => {
      if (isFitting(value)) return value;
      throw place.invalid(`is ${describe(value)}, not ${what}`);
    },
    write: (value, place) => {
      if (isFitting(value)) return value;
      throw place.refuse(
        `is ${describe(value)}, which no document can hold`,
        typeof value === "function"
          ? "Leave the function out, or write down what it does in another way."
          : `Give ${what}.`,
      );
    },
    schema,
  };
}

/** Words. */
export const text: Field<string> = /* @__PURE__ */ plainField(
  (value): value is string => typeof value === "string",
  "a text",
  {
    type: "string",
  },
);

/** Yes or no. */
export const flag: Field<boolean> = /* @__PURE__ */ plainField(
  (value): value is boolean => typeof value === "boolean",
  "true or false",
  { type: "boolean" },
);

/** A number. */
export const numeric: Field<number> = /* @__PURE__ */ plainField(
  (value): value is number => typeof value === "number" && Number.isFinite(value),
  "a number",
  { type: "number" },
);

/** A whole number. */
export const integer: Field<number> = /* @__PURE__ */ plainField(
  (value): value is number => Number.isInteger(value),
  "a whole number",
  { type: "integer" },
);

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Field<Word> {
  const isWord = (value: unknown): value is Word => words.some((word) => word === value);
  return plainField(isWord, `one of ${words.map((word) => JSON.stringify(word)).join(", ")}`, { enum: [...words] });
}

/** May be left out. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return { ...field, isOptional: true };
}

/** May be null, which means something. */
export function nullable<T>(field: Field<T>): Field<T | null> {
  return {
    isOptional: field.isOptional,
    takesNull: true,
    read: (value, place) => (value === null ? null : field.read(value, place)),
    write: (value, place) => (value === null ? null : field.write(value, place)),
    schema: { anyOf: [field.schema, { type: "null" }] },
  };
}

/** A list of one kind. */
export function listOf<T>(item: Field<T>): Field<readonly T[]> {
  return {
    isOptional: false,
    takesNull: false,
    read: (value, place) => {
      if (!Array.isArray(value)) throw place.invalid(`is ${describe(value)}, not a list`);
      return value.map((one: JsonValue, index) => item.read(one, place.at(index)));
    },
    write: (value, place) => {
      if (!Array.isArray(value)) throw place.refuse(`is ${describe(value)}, not a list`, "Give a list.");
      return value.map((one: unknown, index) => item.write(one, place.at(index)));
    },
    schema: { type: "array", items: item.schema },
  };
}

/** Values of one kind by name. */
export function mapOf<T>(item: Field<T>): Field<Readonly<Record<string, T>>> {
  return {
    isOptional: false,
    takesNull: false,
    read: (value, place) => {
      if (!isJsonObject(value)) throw place.invalid(`is ${describe(value)}, not an object`);
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, item.read(one, place.at(key))]));
    },
    write: (value, place) => {
      if (typeof value !== "object" || value === null || Array.isArray(value))
        throw place.refuse(`is ${describe(value)}, not an object`, "Give an object.");
      const entries: [string, unknown][] = Object.entries(value);
      const given = entries.filter(([, one]) => one !== undefined);
      return Object.fromEntries(given.map(([key, one]) => [key, item.write(one, place.at(key))]));
    },
    schema: { type: "object", additionalProperties: item.schema },
  };
}

/** An option that only code can give: it is refused in documents, and what has it is not written. */
export const inCode: Field<never> = {
  isOptional: true,
  takesNull: false,
  read: (_, place) => {
    throw place.invalid("is an option that only code can give");
  },
  write: (_, place) => {
    throw place.refuse("is an option that only code can give", "Leave the option out, or keep this component in code.");
  },
  schema: { not: {} },
};

/** What another system can vary and we cannot: these values are taken, any other is refused. May be left out. */
export function fixed(...values: readonly JsonValue[]): Field<JsonValue | undefined> {
  const known = values.map((value) => JSON.stringify(value));
  return {
    isOptional: true,
    takesNull: false,
    read: (value, place) => {
      if (known.includes(JSON.stringify(value))) return value;
      throw place.invalid(`is ${describe(value)}, which is not supported: only ${known.join(" or ")}`);
    },
    write: (value, place) => {
      const found = values.find((one) => JSON.stringify(one) === JSON.stringify(value));
      if (found !== undefined) return found;
      throw place.refuse(`is ${describe(value)}, which the other system does not have`, "Leave it out.");
    },
    schema: { enum: [...values] },
  };
}

/** What a value is, for messages: never its content, which may be a secret or without end. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return value.length <= 40 ? JSON.stringify(value) : "a text";
  return typeof value === "object" ? "an object" : typeof value === "function" ? "a function" : typeof value;
}
