/**
 * Letters, numerics and underscore of any script: what Python's `\w` matches (combining marks excluded), since AutoGen workers
 * check the same names. https://docs.python.org/3/library/re.html#regular-expression-syntax
 */
const wordCharacters = /^[\p{L}\p{N}_]+$/u;

/** True when `text` is not empty and holds only word characters of any script and the given ASCII punctuation. */
export function hasOnlyNameCharacters(text: string, punctuation: string): boolean {
  if (typeof text !== "string" || text.length === 0) return false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return restMatches(text, punctuation);
    if (!isAsciiWord(code) && !punctuation.includes(text.charAt(index))) return false;
  }
  return true;
}

// Ids are made for every message: plain names take the loop above (about 10 ns) instead of a Unicode regular expression.
function isAsciiWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
}

function restMatches(text: string, punctuation: string): boolean {
  let words = "";
  for (const character of text) if (!punctuation.includes(character)) words += character;
  return wordCharacters.test(words);
}
