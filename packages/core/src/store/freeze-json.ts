import { type JsonValue, StateError } from "../errors/index.ts";
import { trustType } from "../agent/index.ts";
import { assertJson } from "../message/index.ts";

/** Bytes, roughly: strings count their length, everything else a word. Exact sizes are a store's business. */
class Meter {
  bytes = 0;
}

/** A message, outcome or list item above this is refused (C23). */
const maxJsonBytes: number = 1_048_576;

const maxDepth = 1000;
const flawed: unique symbol = Symbol("flawed");

/**
 * A frozen deep copy of a JSON value: what messages, list items and recorded outcomes become, so that nobody can change them
 * after the fact. One walk checks, copies and measures.
 *
 * @throws SerializationError `serialization.unserializable`; StateError `state.too_large` above `maxBytes`.
 */
export function freezeJson(value: unknown, what: string, maxBytes: number = maxJsonBytes): JsonValue {
  const meter = new Meter();
  const copy = copyValue(value, meter, 0);
  if (copy === flawed) return explain(value, what);
  if (meter.bytes > maxBytes) throw tooLarge(what, meter.bytes, maxBytes);
  return copy;
}

/** Bytes of a JSON value, roughly, counted as `freezeJson` does. */
export function measureJson(value: JsonValue | undefined): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  if (Array.isArray(value)) return value.reduce<number>((sum, item: JsonValue) => sum + measureJson(item), 0);
  let bytes = 0;
  for (const [key, item] of Object.entries(value)) bytes += key.length + measureJson(item);
  return bytes;
}

function copyValue(value: unknown, meter: Meter, depth: number): JsonValue | typeof flawed {
  switch (typeof value) {
    case "string":
      meter.bytes += value.length;
      return value;
    case "number":
      meter.bytes += 8;
      return Number.isFinite(value) ? value : flawed;
    case "boolean":
      meter.bytes += 4;
      return value;
    case "object":
      if (value === null) return value;
      if (depth > maxDepth) return flawed;
      return Array.isArray(value) ? copyArray(value, meter, depth + 1) : copyObject(value, meter, depth + 1);
    default:
      return flawed;
  }
}

/** What is frozen all the way down already is taken as it is: most messages are stored in more than one place. */
function copyArray(items: readonly unknown[], meter: Meter, depth: number): JsonValue | typeof flawed {
  let isSame = Object.isFrozen(items);
  const copy: JsonValue[] = [];
  for (const item of items) {
    const copied = copyValue(item, meter, depth);
    if (copied === flawed) return flawed;
    if (copied !== item) isSame = false;
    copy.push(copied);
  }
  return isSame ? trustType<JsonValue>(items) : Object.freeze(copy);
}

function copyObject(value: object, meter: Meter, depth: number): JsonValue | typeof flawed {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && Object.getPrototypeOf(prototype) !== null) return flawed;
  const source = trustType<Record<string, unknown>>(value);
  return Object.isFrozen(value) ? reuseObject(source, meter, depth) : cloneObject(source, meter, depth);
}

function reuseObject(source: Record<string, unknown>, meter: Meter, depth: number): JsonValue | typeof flawed {
  const before = meter.bytes;
  for (const key of Object.keys(source)) {
    const item = source[key];
    const copied = item === undefined ? undefined : copyValue(item, meter, depth);
    if (copied === flawed) return flawed;
    if (copied === undefined || copied !== item) {
      meter.bytes = before;
      return cloneObject(source, meter, depth);
    }
    meter.bytes += key.length;
  }
  return trustType<JsonValue>(source);
}

function cloneObject(source: Record<string, unknown>, meter: Meter, depth: number): JsonValue | typeof flawed {
  const copy: Record<string, JsonValue> = {};
  for (const key of Object.keys(source)) {
    const item = source[key];
    if (item === undefined) continue;
    const copied = copyValue(item, meter, depth);
    if (copied === flawed) return flawed;
    meter.bytes += key.length;
    if (key === "__proto__") Object.defineProperty(copy, key, { value: copied, enumerable: true });
    else copy[key] = copied;
  }
  return Object.freeze(copy);
}

/** The slow walk names the flaw and its path. */
function explain(value: unknown, what: string): JsonValue {
  assertJson(value, what);
  return value;
}

function tooLarge(what: string, bytes: number, maxBytes: number): StateError {
  return new StateError("state.too_large", `${what} has about ${bytes} bytes; the limit is ${maxBytes}`, {
    remedy: "Keep large content outside and pass a reference, or raise the limit in the runtime's options.",
    details: { bytes, maxBytes },
  });
}
