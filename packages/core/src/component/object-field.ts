import type { JsonObject, JsonValue } from "../errors/index.ts";
import { isJsonObject } from "./document.ts";
import { describe, type Field, type Fields } from "./field.ts";
import type { DumpPlace, LoadPlace } from "./place.ts";

/** Fields whose types are not known any more, in order. */
type AnyFields = readonly (readonly [string, Field<unknown>])[];

/** The fields of an object, with what a document says of those that are there. */
export interface ObjectForm<Options> {
  /** @throws ConfigError `config.invalid_document` for a field that is missing, unknown or wrong. */
  read(value: JsonObject, place: LoadPlace): Options;
  /** @throws ConfigError `config.not_dumpable` for an option that no field covers, or whose value no document can hold. */
  write(options: object, place: DumpPlace): JsonObject;
  readonly schema: JsonObject;
}

/** Makes the form of an object from its fields. */
export function objectForm<Options extends object>(fields: Fields<Options>): ObjectForm<Options> {
  const known: AnyFields = Object.entries<Field<unknown>>(fields);
  const required = known.filter(([, field]) => !field.isOptional).map(([name]) => name);
  return {
    // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: each option was read by the field of its type
    read: (value, place) => readFields(known, value, place) as Options,
    write: (options, place) => writeFields(known, options, place),
    schema: {
      type: "object",
      properties: Object.fromEntries(known.map(([name, field]) => [name, field.schema])),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    },
  };
}

/** A field that is an object with fields of its own. */
export function objectField<Options extends object>(fields: Fields<Options>): Field<Options> {
  const form = objectForm<Options>(fields);
  return {
    isOptional: false,
    takesNull: false,
    read: (value, place) => {
      if (!isJsonObject(value)) throw place.invalid(`is ${describe(value)}, not an object`);
      return form.read(value, place);
    },
    write: (value, place) => {
      if (typeof value !== "object" || value === null || Array.isArray(value))
        throw place.refuse(`is ${describe(value)}, not an object`, "Give an object.");
      return form.write(value, place);
    },
    schema: form.schema,
  };
}

function readFields(known: AnyFields, value: JsonObject, place: LoadPlace): object {
  const names = new Set(known.map(([name]) => name));
  const stranger = Object.keys(value).find((name) => !names.has(name) && value[name] !== null);
  if (stranger !== undefined) throw place.at(stranger).invalid("is nothing that this component knows");
  const entries: [string, unknown][] = [];
  for (const [name, field] of known) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    const isAbsent = given === undefined || (given === null && !field.takesNull);
    if (isAbsent && !field.isOptional) throw place.at(name).invalid("is missing");
    if (!isAbsent) entries.push([name, field.read(given, place.at(name))]);
  }
  return Object.fromEntries(entries);
}

function writeFields(known: AnyFields, options: object, place: DumpPlace): JsonObject {
  const given = new Map<string, unknown>(Object.entries(options).filter(([, value]) => value !== undefined));
  const entries: [string, JsonValue][] = [];
  for (const [name, field] of known) {
    if (given.has(name)) entries.push([name, field.write(given.get(name), place.at(name))]);
    given.delete(name);
  }
  for (const name of given.keys())
    throw place
      .at(name)
      .refuse("is an option that documents do not hold", "Leave the option out, or keep this component in code.");
  return Object.fromEntries(entries);
}
