import type { JsonValue } from "../model/json.ts";

/** What an escape sequence stands for. */
export type Escape = { readonly kind: "text"; readonly text: string } | { readonly kind: "invalid" };

const shortEscapes: Readonly<Record<string, string>> = {
  '\\"': '"',
  "\\'": "'",
  "\\\\": "\\",
  "\\/": "/",
  "\\b": "\b",
  "\\f": "\f",
  "\\n": "\n",
  "\\r": "\r",
  "\\t": "\t",
};

/** Reads an escape sequence; undefined while it is not complete. */
export function readEscape(sequence: string): Escape | undefined {
  const text = shortEscapes[sequence];
  if (text !== undefined) return { kind: "text", text };
  if (!/^\\u[0-9a-fA-F]{0,4}$/.test(sequence)) return { kind: "invalid" };
  if (sequence.length < 6) return undefined;
  return { kind: "text", text: String.fromCharCode(Number.parseInt(sequence.slice(2), 16)) };
}

/** What a word without quotes stands for. */
export type Word =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "value"; readonly value: JsonValue }
  | { readonly kind: "invalid" };

const literals: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ["true", true],
  ["false", false],
  ["null", null],
  // As Python writes them.
  ["True", true],
  ["False", false],
  ["None", null],
]);

/** A number by the grammar of RFC 8259, section 6. */
const numberForm = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Reads a word where a key, or where a value is expected. Numbers that a double cannot hold are no JSON value. */
export function readWord(word: string, isKey: boolean): Word {
  if (isKey) return /^[A-Za-z_$][\w$]*$/.test(word) ? { kind: "key", key: word } : { kind: "invalid" };
  const literal = literals.get(word);
  if (literal !== undefined) return { kind: "value", value: literal };
  const value = numberForm.test(word) ? Number(word) : Number.NaN;
  return Number.isFinite(value) ? { kind: "value", value } : { kind: "invalid" };
}
