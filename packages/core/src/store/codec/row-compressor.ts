/**
 * Turns the JSON text of one append into a row's body, copying from what the segment has said before.
 *
 * Owns: the text of the segment so far, as UTF-8, and an index into it. Does not own: rows, segments and their limits (LogEncoder).
 * Invariants:
 * P1. A body is never longer than its text.
 * P2. Copies begin and end between characters, so that every body is valid UTF-8.
 * P3. Memory grows with the text of the segment and never beyond what the longest one took; above 1 MiB it ends with its segment.
 */
import {
  distanceDigits,
  farDistance,
  headerBytes,
  lengthDigits,
  maximalCopy,
  minimalCopy,
  nearDistance,
  recentCount,
  rememberDistance,
  tokenBase,
  writeDigits,
} from "./row-format.ts";

const initialBytes = 8_192;
/** A buffer larger than this is given back when its segment ends. */
const idleBytes = 1_048_576;
const growth = 4;
/** Places in the index, powers of two. There are two sizes only: changing it means indexing everything anew. */
const fewSlots = 1_024;
const manySlots = 8_192;
/** A buffer of so many bytes has the larger index. */
const largeBytes = 65_536;
/** Bytes that an index entry is computed from, and that follow every position in the index. */
const indexedBytes = 8;
/** Within a copy only every so many positions are indexed: the next copy of the same text is found by its neighbours. */
const indexStep = 8;
/** After 2^5 bytes without a copy every second position is tried, after 2^6 every third ... */
const skipShift = 5;
/** A copy from a recent distance that saves this many bytes is taken without looking further. */
const goodGain = 45;

const utf8: TextEncoder = /* @__PURE__ */ new TextEncoder();

export class RowCompressor {
  #bytes: Uint8Array = new Uint8Array(initialBytes);
  #view: DataView = new DataView(this.#bytes.buffer);
  /** Position + 1 of the latest text with a given hash; 0 is none. */
  #index: Int32Array = new Int32Array(fewSlots);
  /** Bytes of the segment so far. */
  #size = 0;
  /** Where the body ends that is being written behind them. */
  #end = 0;
  readonly #recent: number[] = [1, 1, 1, 1];
  // The best copy for the position looked at: fields, because this runs for every byte.
  #source = 0;
  #distance = 0;
  #length = 0;
  #gain = 0;

  /** Bytes of the segment so far. */
  get size(): number {
    return this.#size;
  }

  /** Bytes that it holds in memory, apart from its own fields. */
  get memoryBytes(): number {
    return this.#bytes.byteLength + this.#index.byteLength;
  }

  /** Forgets the segment. */
  clear(): void {
    this.#size = 0;
    this.forgetDistances();
    if (this.#bytes.length > idleBytes) this.#allocate(initialBytes);
    else this.#index.fill(0);
  }

  /** Forgets from where the last copies were made: what follows can be read by who knows the text alone. */
  forgetDistances(): void {
    this.#recent.fill(1);
  }

  /** The body for a text, which becomes part of the segment. Valid until the next call. */
  compress(text: string): Uint8Array {
    const from = this.#size;
    this.#reserve(from + text.length * 3);
    const { written } = utf8.encodeInto(text, this.#bytes.subarray(from));
    this.#reserve(from + written * 2 + headerBytes);
    this.#size = from + written;
    this.#end = this.#size + headerBytes;
    this.#write(from);
    return this.#bytes.subarray(this.#size + headerBytes, this.#end);
  }

  /** The body made last, behind room for the header of its row. */
  get row(): Uint8Array {
    return this.#bytes.subarray(this.#size, this.#end);
  }

  #write(from: number): void {
    let at = from;
    let literals = 0;
    while (at < this.#size) {
      if (this.#find(at)) {
        const start = this.#extendBack(at, literals);
        at = start + this.#length;
        literals = 0;
        this.#writeCopy();
        for (let position = start; position < at; position += indexStep) this.#remember(position);
        continue;
      }
      this.#remember(at);
      const stop = Math.min(this.#size, at + 1 + (literals >> skipShift));
      literals += stop - at;
      while (at < stop) this.#bytes[this.#end++] = this.#view.getUint8(at++);
    }
  }

  /** Looks for the copy that saves most at a position. */
  #find(at: number): boolean {
    this.#gain = 0;
    if (at + indexedBytes > this.#size || isInsideCharacter(this.#view.getUint8(at))) return false;
    const here = this.#view.getInt32(at);
    for (let source = 0; source < recentCount; source++) {
      const distance = this.#recent[source] ?? 0;
      // The first three of four bytes: shorter copies do not pay.
      if (distance <= at && (this.#view.getInt32(at - distance) ^ here) >>> 8 === 0) this.#offer(at, distance, source);
    }
    if (this.#gain >= goodGain) return true;
    const known = (this.#index[this.#slotOf(at)] ?? 0) - 1;
    if (known < 0 || this.#view.getInt32(known) !== here) return this.#gain > 0;
    const distance = at - known;
    if (distance <= nearDistance) this.#offer(at, distance, recentCount);
    else if (distance <= farDistance) this.#offer(at, distance, recentCount + 1);
    return this.#gain > 0;
  }

  #offer(at: number, distance: number, source: number): void {
    let length = Math.min(this.#commonLength(at - distance, at), maximalCopy);
    while (at + length < this.#size && isInsideCharacter(this.#view.getUint8(at + length))) length -= 1;
    const gain = length - 1 - distanceDigits(source) - lengthDigits(length);
    if (gain <= this.#gain) return;
    this.#gain = gain;
    this.#length = length;
    this.#distance = distance;
    this.#source = source;
  }

  #commonLength(earlier: number, at: number): number {
    const view = this.#view;
    const end = this.#size;
    let length = 0;
    while (at + length + 4 <= end && view.getInt32(earlier + length) === view.getInt32(at + length)) length += 4;
    while (at + length < end && view.getUint8(earlier + length) === view.getUint8(at + length)) length += 1;
    return length;
  }

  /** Takes back literals that the copy can cover too; returns where the copy begins then. */
  #extendBack(at: number, literals: number): number {
    const lowest = Math.max(at - literals, this.#distance, at + this.#length - maximalCopy);
    let start = at;
    for (let before = at - 1; before >= lowest; before--) {
      const byte = this.#view.getUint8(before);
      if (byte !== this.#view.getUint8(before - this.#distance)) break;
      if (!isInsideCharacter(byte)) start = before;
    }
    this.#end -= at - start;
    this.#length += at - start;
    return start;
  }

  #writeCopy(): void {
    const count = lengthDigits(this.#length);
    this.#bytes[this.#end] = tokenBase + this.#source * 3 + count - 1;
    const distance = { value: this.#distance - 1, count: distanceDigits(this.#source) };
    const afterDistance = writeDigits(this.#bytes, this.#end + 1, distance);
    this.#end = writeDigits(this.#bytes, afterDistance, { value: this.#length - minimalCopy, count });
    rememberDistance(this.#recent, this.#source, this.#distance);
  }

  /** Puts a position into the index. */
  #remember(at: number): void {
    if (at + indexedBytes <= this.#size) this.#index[this.#slotOf(at)] = at + 1;
  }

  /** The place in the index of the text at a position: a multiplicative hash of its first seven bytes. */
  #slotOf(at: number): number {
    const low = Math.imul(this.#view.getInt32(at), 0x9e3779b1);
    const high = Math.imul(this.#view.getInt32(at + 3), 0x85ebca6b);
    const hash = Math.imul(low ^ high, 0xc2b2ae35);
    return (hash >>> 12) & (this.#index.length - 1);
  }

  #reserve(bytes: number): void {
    if (this.#bytes.length >= bytes + indexedBytes) return;
    const [before, index] = [this.#bytes, this.#index];
    this.#allocate(Math.max(bytes + indexedBytes, before.length * growth));
    this.#bytes.set(before);
    if (this.#index.length === index.length) this.#index = index;
    else for (let at = 0; at < this.#size; at += indexStep) this.#remember(at);
  }

  #allocate(capacity: number): void {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
    this.#index = new Int32Array(capacity < largeBytes ? fewSlots : manySlots);
  }
}

/** True for the second and later bytes of a character in UTF-8. */
function isInsideCharacter(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
