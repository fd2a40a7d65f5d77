import type { JsonValue } from "@troupe/core";

/** A place in a JSON value: names of fields, one inside the other. */
type Path = readonly string[];

/** What stands at a path of a stored payload; undefined where there is no such field. */
export function valueAt(value: JsonValue | undefined, path: Path): JsonValue | undefined {
  let current = value;
  for (const name of path) {
    if (typeof current !== "object" || current === null || Array.isArray(current)) return undefined;
    current = Object.entries(current).find(([key]) => key === name)?.[1];
  }
  return current;
}

/** The text at a path; empty when there is none. */
export function textAt(value: JsonValue | undefined, ...path: Path): string {
  const found = valueAt(value, path);
  return typeof found === "string" ? found : "";
}

/** The number at a path; undefined when there is none. */
export function numberAt(value: JsonValue | undefined, ...path: Path): number | undefined {
  const found = valueAt(value, path);
  return typeof found === "number" ? found : undefined;
}

/** The items of the list at a path; none when there is no list. */
export function itemsAt(value: JsonValue | undefined, ...path: Path): readonly JsonValue[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found.map((item: JsonValue) => item) : [];
}
