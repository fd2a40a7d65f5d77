/**
 * The rows of a cell's log, one for each append.
 *
 * Owns: where segments begin. Does not own: the rows, and the large strings kept beside them (the store).
 * Invariants:
 * E1. The first row of an encoder starts a segment, so that a new owner needs nothing of the one before.
 * E2. A segment ends before the row whose text would take it beyond `maxSegmentBytes` (of that row, a character counts as a byte).
 */
import type { LogRecord } from "../log-record.ts";
import { largeStringLength, writeWithKeys } from "./large-strings.ts";
import { RowCompressor } from "./row-compressor.ts";
import { checksumOf, continueFlag, shortChecksum, startFlag, writeDigits } from "./row-format.ts";

/** What a `LogEncoder` may use. */
export interface LogEncoderOptions {
  /** Keeps a string of more than 262,144 characters elsewhere, once, and returns its key. Without it such strings stay in the row. */
  readonly toBlob?: ((text: string) => string) | undefined;
  /**
   * Bytes of JSON in one segment: what an encoder remembers, and what a reader that wants its last row must decode. Default 262,144;
   * with less, more rows start a segment and cannot refer to what came before.
   */
  readonly maxSegmentBytes?: number | undefined;
}

/** One append as a store keeps it. */
export interface EncodedRow {
  /** Printable, apart from a few control characters; never U+0000. */
  readonly text: string;
  /** True when the row can be read without any before it; false when it needs all since the last that could. */
  readonly startsSegment: boolean;
  /** The keys from `toBlob` that the row refers to: what must be kept as long as the row. */
  readonly blobs: readonly string[];
}

const utf8: TextDecoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Encodes the appends of one cell in order, each with what the segment holds already in mind.
 *
 * An encoder may be dropped at any time: a fresh one goes on with a new segment. One that was asked for a row that was then not
 * stored must be dropped.
 */
export class LogEncoder {
  readonly #toBlob: ((text: string) => string) | undefined;
  readonly #maxSegmentBytes: number;
  readonly #compressor = new RowCompressor();
  #checksum = 0;

  constructor(options: LogEncoderOptions = {}) {
    this.#toBlob = options.toBlob;
    this.#maxSegmentBytes = options.maxSegmentBytes ?? 262_144;
  }

  /** The row for one append. What is undefined is left out, as in all JSON; -0 becomes 0. */
  encode(records: readonly LogRecord[]): EncodedRow {
    const blobs: string[] = [];
    const json = this.#toJson(records, blobs);
    if (this.#compressor.size + json.length > this.#maxSegmentBytes) this.#compressor.clear();
    const startsSegment = this.#compressor.size === 0;
    const body = this.#compressor.compress(json);
    return { text: this.#toText(body, startsSegment), startsSegment, blobs };
  }

  #toJson(records: readonly LogRecord[], blobs: string[]): string {
    const json = JSON.stringify(records);
    const toBlob = this.#toBlob;
    if (toBlob === undefined || json.length <= largeStringLength) return json;
    return writeWithKeys(records, (text) => {
      const key = toBlob(text);
      blobs.push(key);
      return key;
    });
  }

  #toText(body: Uint8Array, startsSegment: boolean): string {
    const flag = startsSegment ? startFlag : continueFlag;
    this.#checksum = checksumOf(body, flag, startsSegment ? 0 : this.#checksum);
    const { row } = this.#compressor;
    row[0] = flag;
    writeDigits(row, 1, shortChecksum(this.#checksum));
    return utf8.decode(row);
  }
}
