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
    this.#recent.fill(1);
  }

  /** The text of the body taken last. @throws TypeError when it is not UTF-8. */
  text(): string {
    return utf8.decode(this.#bytes.subarray(this.#from, this.#size));
  }

  /** The text of a body becomes part of the segment. @throws RangeError when it is malformed. */
  take(body: Uint8Array): void {
    this.#from = this.#size;
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    let at = 0;
    while (at < body.length) {
      const byte = view.getUint8(at);
      if (byte >= tokenBase && byte <= tokenLast) at = this.#copy(view, at);
      else {
        this.#reserve(1);
        this.#bytes[this.#size++] = byte;
        at += 1;
      }
    }
  }

  /** Makes the copy whose token is at a position of the body; returns the position after it. */
  #copy(body: DataView, at: number): number {
    const token = body.getUint8(at) - tokenBase;
    const source = Math.floor(token / 3);
    const ofDistance = distanceDigits(source);
    const ofLength = (token % 3) + 1;
    const written = readDigits(body, at + 1, ofDistance);
    const length = readDigits(body, at + 1 + ofDistance, ofLength);
    if (written === undefined || length === undefined) throw new RangeError("a copy without digits");
    const distance = source < recentCount ? (this.#recent[source] ?? 0) : written + 1;
    if (distance > this.#size) throw new RangeError("a copy from before the segment");
    rememberDistance(this.#recent, source, distance);
    this.#append(distance, length + minimalCopy);
    return at + 1 + ofDistance + ofLength;
  }

  #append(distance: number, length: number): void {
    this.#reserve(length);
    const start = this.#size - distance;
    const end = start + length;
    if (length >= blockCopy && distance >= length) this.#bytes.copyWithin(this.#size, start, end);
    else for (let index = start; index < end; index++) this.#bytes[index + distance] = this.#bytes[index] ?? 0;
    this.#size += length;
  }

  #reserve(bytes: number): void {
    if (this.#size + bytes <= this.#bytes.length) return;
    const before = this.#bytes;
    this.#bytes = new Uint8Array(Math.max(before.length * 2, this.#size + bytes));
    this.#bytes.set(before.subarray(0, this.#size));
  }
}
