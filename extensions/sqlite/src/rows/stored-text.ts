const escape = "\u0001";

/**
 * A string as SQLite can keep it. SQLite stores UTF-8 and its tools stop at NUL: a string with either a NUL or a lone surrogate is kept as
 * its JSON text behind a control character, everything else as it is.
 */
export function toStoredText(text: string): string {
  const isPlain = text.isWellFormed() && !text.startsWith(escape) && !text.includes("\u0000");
  return isPlain ? text : escape + JSON.stringify(text);
}

/** The string that `toStoredText` has kept. */
export function fromStoredText(stored: string): string {
  return stored.startsWith(escape) ? String(JSON.parse(stored.slice(escape.length))) : stored;
}
