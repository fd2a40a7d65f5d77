import { type Field, fields } from "@troupe/core";

/** A field with two forms; the test says which, in documents and options alike. */
export function either<First, Second>(
  isFirst: (value: unknown) => boolean,
  first: Field<First>,
  second: Field<Second>,
): Field<First | Second> {
  return {
    isOptional: false,
    takesNull: false,
    read: (value, place) => (isFirst(value) ? first.read(value, place) : second.read(value, place)),
    write: (value, place) => (isFirst(value) ? first.write(value, place) : second.write(value, place)),
    schema: { anyOf: [first.schema, second.schema] },
  };
}

/** True for words. */
export const isText = (value: unknown): boolean => typeof value === "string";

/** One, or a list of them. */
export function oneOrMany<T>(field: Field<T>): Field<T | readonly T[]> {
  return either(Array.isArray, fields.list(field), field);
}

/** A function that the program registered by name. */
export function namedFunction<T extends (...options: never[]) => unknown>(): Field<T> {
  return fields.named((value: unknown): value is T => typeof value === "function", "function");
}
