import { createHash } from "node:crypto";

const escape = "\u0001";

/** Longest name that is kept as it is, in bytes of UTF-8: an index entry holds 2,704. */
const maxNameBytes = 2_400;

/**
 * A string as PostgreSQL can keep it: its text is UTF-8 without NUL. A string that is not (a NUL, half a surrogate pair) is kept as its
 * JSON text behind a control character, everything else as it is.
 */
export function toStoredText(text: string): string {
  const isPlain = text.isWellFormed() && !text.startsWith(escape) && !text.includes("\u0000");
  return isPlain ? text : escape + JSON.stringify(text);
}

/** The string that `toStoredText` has kept. */
export function fromStoredText(stored: string): string {
  return stored.startsWith(escape) ? String(JSON.parse(stored.slice(escape.length))) : stored;
}

/** What a row is found by. `longName` is the whole name when it is too long for an index. */
export interface StoredName {
  readonly name: string;
  readonly longName: string | null;
}

/** A cell's name as its row has it. */
export function toStoredName(cell: string): StoredName {
  const text = toStoredText(cell);
  if (text.length * 3 <= maxNameBytes || Buffer.byteLength(text) <= maxNameBytes) return { name: text, longName: null };
  return { name: `${escape}#${hashText(text)}`, longName: text };
}

/** The hash that a text is found by. */
export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
