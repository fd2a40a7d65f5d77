/**
 * A number of 53 bits that is equal for equal lists of texts, and different for nearly all others: cyrb53, two multiplicative hashes side by
 * side (https://github.com/bryc/code/blob/master/jshash/experimental/cyrb53.js). For comparing, not for security.
 */
export function hashTexts(texts: readonly string[]): number {
  let first = 0xdeadbeef;
  let second = 0x41c6ce57;
  for (const text of texts) {
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      first = Math.imul(first ^ code, 0x9e3779b1);
      second = Math.imul(second ^ code, 0x5f356495);
    }
    // No character has this code: where one text ends and the next begins matters.
    first = Math.imul(first ^ 0x10000, 0x9e3779b1);
    second = Math.imul(second ^ 0x10000, 0x5f356495);
  }
  first = Math.imul(first ^ (first >>> 16), 0x85ebca6b) ^ Math.imul(second ^ (second >>> 13), 0xc2b2ae35);
  second = Math.imul(second ^ (second >>> 16), 0x85ebca6b) ^ Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return 2 ** 32 * (second & 0x1fffff) + (first >>> 0);
}
