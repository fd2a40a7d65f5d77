/**
 * Turns bodies back into the JSON texts they were made from.
 *
 * Owns: the text of the segment so far, as UTF-8. Does not own: rows, checksums and segments (LogDecoder).
 * Invariants:
 * X1. A body that no compressor can have written is refused; nothing outside the segment is ever read.
 */
import {
  distanceDigits,
  minimalCopy,
  readDigits,
  recentCount,
  rememberDistance,
  tokenBase,
  tokenLast,
} from "./row-format.ts";

const initialBytes = 8_192;
/** Shorter copies are made byte by byte. */
const blockCopy = 24;

const utf8: TextDecoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class RowExpander {
  #bytes: Uint8Array = new Uint8Array(initialBytes);
  #size = 0;
  /** Where the text of the last body begins. */
  #from = 0;
  readonly #recent: number[] = [1, 1, 1, 1];

  /** Forgets the segment. */
  clear(): void {
    this.#size = 0;
    this.#from = 0;
    this.forgetDistances();
  }

  /** As `RowCompressor.forgetDistances`. */
  forgetDistances(): void {
    this.#recent.fill(1);
  }

  /** The text of the body taken last. @throws TypeError when it is not UTF-8. */
  text(): string {
    return utf8.decode(this.#bytes.subarray(this.#from, this.#size));
  }

  /** The text of a body becomes part of the segment. @throws RangeError when it is malformed. */
  take(body: Uint8Array): void {
    const recent = this.#recent;
    this.#from = this.#size;
    // Room for all the bytes that stand for themselves: copies ask for more. What changes with every byte is local: a log has millions.
    let bytes = this.#reserve(body.length);
    let size = this.#size;
    let at = 0;
    while (at < body.length) {
      const byte = body[at++] ?? 0;
      if (byte < tokenBase || byte > tokenLast) {
        bytes[size++] = byte;
        continue;
      }
      const source = Math.floor((byte - tokenBase) / 3);
      const ofDistance = distanceDigits(source);
      const ofLength = ((byte - tokenBase) % 3) + 1;
      let distance = recent[0] ?? 0;
      if (source > 0) {
        distance = source < recentCount ? (recent[source] ?? 0) : digitsOf(body, at, ofDistance) + 1;
        rememberDistance(recent, source, distance);
      }
      const length = digitsOf(body, at + ofDistance, ofLength) + minimalCopy;
      at += ofDistance + ofLength;
      if (distance > size) throw new RangeError("a copy from before the segment");
      if (size + length + body.length - at > bytes.length) {
        this.#size = size;
        bytes = this.#reserve(length + body.length - at);
      }
      let from = size - distance;
      const end = from + length;
      if (length >= blockCopy && end <= size) {
        bytes.copyWithin(size, from, end);
        size += length;
      } else while (from < end) bytes[size++] = bytes[from++] ?? 0;
    }
    this.#size = size;
  }

  /** The text, with room for so many bytes more. */
  #reserve(more: number): Uint8Array {
    const before = this.#bytes;
    if (this.#size + more <= before.length) return before;
    this.#bytes = new Uint8Array(Math.max(before.length * 2, this.#size + more));
    this.#bytes.set(before.subarray(0, this.#size));
    return this.#bytes;
  }
}

function digitsOf(body: Uint8Array, at: number, count: number): number {
  const value = readDigits(body, at, count);
  if (value === undefined) throw new RangeError("a copy without digits");
  return value;
}
