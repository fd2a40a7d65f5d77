import { type JsonValue, SerializationError } from "../errors/index.ts";

export type { JsonObject, JsonPrimitive, JsonValue } from "../errors/index.ts";

/** Deeper values are refused: the usual cause is a cycle, and engines overflow their stack not far beyond. */
const maxDepth = 1000;

interface Flaw {
  readonly reason: string;
  /** Innermost first: filled while the walk returns. */
  readonly path: (string | number)[];
}

/**
 * Checks that a value is JSON and survives the round trip, in one walk without copying.
 *
 * A property that is `undefined` counts as absent, as `JSON.stringify` treats it; everything else that JSON would change or drop
 * is refused: `undefined` elsewhere, `NaN`, `Infinity`, `bigint`, functions, symbols, `Date`, `Map`, class instances, cycles.
 *
 * @param what names the value in the error: "payload of \"Deposit\"".
 * @throws SerializationError `serialization.unserializable`, with the path of the offending value in its details.
 */
export function assertJson(value: unknown, what: string): asserts value is JsonValue {
  const flaw = findFlaw(value, 0);
  if (flaw === undefined) return;
  const path = formatPath(flaw.path.reverse());
  throw new SerializationError("serialization.unserializable", `${what} is not JSON: ${flaw.reason} at ${path}`, {
    remedy: "Send and keep plain JSON: objects, arrays, strings, finite numbers, booleans and null.",
    details: { path, reason: flaw.reason },
  });
}

/**
 * The same value, typed as JSON.
 *
 * @throws SerializationError `serialization.unserializable`.
 */
export function toJson(value: unknown, what: string): JsonValue {
  assertJson(value, what);
  return value;
}

/**
 * JSON text of a value, compact.
 *
 * @throws SerializationError `serialization.unserializable`.
 */
export function encodeJson(value: unknown, what: string): string {
  assertJson(value, what);
  return JSON.stringify(value);
}

/**
 * Reads JSON text or UTF-8 bytes: spaced or compact, escaped or raw.
 *
 * @throws SerializationError `serialization.invalid_json`; Python's `NaN` and `Infinity` tokens are not JSON either.
 */
export function decodeJson(source: string | Uint8Array, what: string): JsonValue {
  try {
    const text = typeof source === "string" ? source : new TextDecoder("utf-8", { fatal: true }).decode(source);
    // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: JSON.parse makes nothing else
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SerializationError("serialization.invalid_json", `${what} is not JSON: ${reason}`, {
      remedy: "Send UTF-8 JSON; NaN and Infinity have no JSON form.",
      cause,
    });
  }
}

function findFlaw(value: unknown, depth: number): Flaw | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : { reason: `the number ${value}`, path: [] };
    case "object":
      if (value === null) return undefined;
      if (depth > maxDepth) return { reason: `a cycle, or more than ${maxDepth} levels,`, path: [] };
      return Array.isArray(value) ? findFlawInArray(value, depth) : findFlawInObject(value, depth);
    default:
      return { reason: value === undefined ? "undefined" : `a ${typeof value}`, path: [] };
  }
}

function findFlawInArray(items: readonly unknown[], depth: number): Flaw | undefined {
  for (let index = 0; index < items.length; index++) {
    const flaw = findFlaw(items[index], depth + 1);
    if (flaw !== undefined) return within(flaw, index);
  }
  return undefined;
}

function findFlawInObject(value: object, depth: number): Flaw | undefined {
  if (!isPlainObject(value)) return { reason: `an instance of ${classNameOf(value)}`, path: [] };
  for (const key in value) {
    const item: unknown = value[key];
    if (item === undefined) continue;
    const flaw = findFlaw(item, depth + 1);
    if (flaw !== undefined) return within(flaw, key);
  }
  return undefined;
}

/** Plain, also when made in another realm (an iframe, a `vm` context): one prototype with nothing above it, or none. */
function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

function classNameOf(value: object): string {
  const { constructor } = value;
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "a class";
}

function within(flaw: Flaw, key: string | number): Flaw {
  flaw.path.push(key);
  return flaw;
}

/** `$.items[3].name`, cut in the middle when it is long (a cycle makes a path of a thousand steps). */
function formatPath(path: readonly (string | number)[]): string {
  const shown = path.length > 12 ? [...path.slice(0, 8), "..."] : path;
  return shown.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return /^[\p{L}_$.][\p{L}\p{N}_$.]*$/u.test(step) ? `${text}.${step}` : `${text}[${JSON.stringify(step)}]`;
  }, "$");
}
