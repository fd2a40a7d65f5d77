/**
 * How the text of a row is made up. It is LZ77 over the JSON text of the segment so far, with the recent distances of LZMA and zstd:
 * consecutive records of a cell repeat each other's words, ids and messages nearly whole.
 *
 *     row      = flag checksum body         flag "A": starts a segment; "B": goes on; "C": sums the segment up
 *     checksum = 4 digits                   of flag and body, chained: a missing or displaced row is noticed as an altered one is
 *     body     = (byte | copy)*             UTF-8; a byte stands for itself
 *     copy     = token distance? length     copies bytes that the segment had `distance` bytes earlier
 *     token    = 0x0e + 3 * source + (digits of length - 1)
 *     source   = 0 to 3: one of the last four distances, latest first; 4: two digits follow; 5: three digits follow
 *     digit    = 0x20 + (0 to 94)
 *
 * JSON text has no control characters, so tokens need no escaping, whatever a message says.
 */

/** Digits are printable ASCII: one byte each in a store. */
const radix = 95;
const digitBase = 0x20;

/** The first of 18 tokens. */
export const tokenBase = 0x0e;
/** The last token. */
export const tokenLast = 0x1f;

/** Flag of a row that can be read without any before it. */
export const startFlag = 0x41;
/** Flag of a row that needs those before it. */
export const continueFlag = 0x42;
/** Flag of a text that is no row, but says behind the last row of a segment what its rows amount to. It begins with no recent distances. */
export const summaryFlag = 0x43;

/** Bytes of a row before its body. */
export const headerBytes = 5;
const checksumDigits = 4;

/** How many distances are remembered, and so the first source that carries its distance. */
export const recentCount = 4;
/** The longest distance that takes two digits. */
export const nearDistance: number = radix ** 2;
/** The longest distance that can be written. */
export const farDistance: number = radix ** 3;

/** Copies shorter than this are not worth a token. */
export const minimalCopy = 3;
/** The longest copy that can be written. */
export const maximalCopy: number = radix ** 3 + minimalCopy - 1;

/** How many digits a copy's distance takes. */
export function distanceDigits(source: number): number {
  return source < recentCount ? 0 : source - recentCount + 2;
}

/** How many digits a copy's length takes. */
export function lengthDigits(length: number): number {
  const value = length - minimalCopy;
  if (value < radix) return 1;
  return value < radix ** 2 ? 2 : 3;
}

/** Moves a distance to the front of the recent ones. */
export function rememberDistance(recent: number[], source: number, distance: number): void {
  for (let place = Math.min(source, recentCount - 1); place > 0; place--) recent[place] = recent[place - 1] ?? 1;
  recent[0] = distance;
}

/** Writes a number as so many digits, and returns where they end. */
export function writeDigits(
  bytes: Uint8Array,
  at: number,
  number: { readonly value: number; readonly count: number },
): number {
  let rest = number.value;
  for (let index = at + number.count - 1; index >= at; index--) {
    bytes[index] = digitBase + (rest % radix);
    rest = Math.floor(rest / radix);
  }
  return at + number.count;
}

/** Reads so many digits; undefined when one of them is none. */
export function readDigits(bytes: Uint8Array, at: number, count: number): number | undefined {
  let value = 0;
  for (let index = at; index < at + count; index++) {
    const digit = (bytes[index] ?? 0) - digitBase;
    if (digit < 0 || digit >= radix) return undefined;
    value = value * radix + digit;
  }
  return value;
}

/** A row's checksum: 32-bit FNV-1a over its flag and body, going on from that of the row before it in the segment, or 0. */
export function checksumOf(body: Uint8Array, flag: number, before: number): number {
  let hash = Math.imul(before ^ 0x811c9dc5 ^ flag, 0x01000193);
  for (let at = 0; at < body.length; at++) hash = Math.imul(hash ^ (body[at] ?? 0), 0x01000193);
  return hash >>> 0;
}

/** As many bits of a checksum as a row has place for. */
export function shortChecksum(checksum: number): { readonly value: number; readonly count: number } {
  return { value: checksum % radix ** checksumDigits, count: checksumDigits };
}
