/**
 * The rows of a cell's log, one for each append.
 *
 * Owns: where segments begin. Does not own: the rows, and the large strings kept beside them (the store).
 * Invariants:
 * E1. The first row of an encoder starts a segment, so that a new owner needs nothing of the one before.
 * E2. A segment ends before the row whose text would take it beyond `maxSegmentBytes` (of that row, a character counts as a byte).
 */
import type { LogRecord } from "../log-record.ts";
import { LogDecoder } from "./log-decoder.ts";
import { largeStringLength, writeWithKeys } from "./large-strings.ts";
import { RowCompressor } from "./row-compressor.ts";
import { checksumOf, continueFlag, shortChecksum, startFlag, summaryFlag, writeDigits } from "./row-format.ts";
import { SegmentSummary } from "./segment-summary.ts";

/** What a `LogEncoder` may use. */
export interface LogEncoderOptions {
  /** Keeps a string of more than 262,144 characters elsewhere, once, and returns its key. Without it such strings stay in the row. */
  readonly toBlob?: ((text: string) => string) | undefined;
  /**
   * Bytes of JSON in one segment: what an encoder remembers, and what a reader that wants its last row must decode. Default 262,144;
   * with less, more rows start a segment and cannot refer to what came before.
   */
  readonly maxSegmentBytes?: number | undefined;
  /** True makes a summary of every segment that is full, for a store that keeps it: a log is folded faster with it. Default false. */
  readonly isSummarized?: boolean | undefined;
}

/** One append as a store keeps it. */
export interface EncodedRow {
  /** Printable, apart from a few control characters; never U+0000. */
  readonly text: string;
  /** True when the row can be read without any before it; false when it needs all since the last that could. */
  readonly startsSegment: boolean;
  /** The keys from `toBlob` that the row refers to: what must be kept as long as the row. */
  readonly blobs: readonly string[];
  /**
   * The segment before, which ends with the row before, in short: a text that `LogDecoder.decodeSummary` understands after that row.
   * Undefined when the row starts no segment, and when there is none.
   */
  readonly summary: string | undefined;
}

const utf8: TextDecoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Encodes the appends of one cell in order, each with what the segment holds already in mind.
 *
 * An encoder may be dropped at any time: a fresh one goes on with a new segment. One that was asked for a row that was then not
 * stored must be dropped.
 */
export class LogEncoder {
  /** Records of a segment that was left before it was full from which on `follow` is worth reading it: fewer are read as fast as their summary. */
  static readonly leastFollowed: number = 32;
  readonly #toBlob: ((text: string) => string) | undefined;
  readonly #maxSegmentBytes: number;
  readonly #isSummarized: boolean;
  readonly #compressor = new RowCompressor();
  #checksum = 0;
  #summary: SegmentSummary | undefined;
  /** True when the segment is another encoder's, and ends here. */
  #isForeign = false;

  constructor(options: LogEncoderOptions = {}) {
    this.#toBlob = options.toBlob;
    this.#maxSegmentBytes = options.maxSegmentBytes ?? 262_144;
    this.#isSummarized = options.isSummarized === true;
  }

  /**
   * Sums up the last segment of an encoder before it: the next row starts a new one, as the first of any encoder does, and comes with that
   * summary. Call it before the first `encode`; what cannot be read is left to the readers, who say what is wrong.
   *
   * @param texts the rows of that segment.
   */
  follow(texts: readonly string[]): void {
    const decoder = new LogDecoder();
    const summary = new SegmentSummary();
    try {
      for (const text of texts) {
        for (const record of decoder.decode(text)) summary.take(record);
        this.#compressor.compress(decoder.last.json);
      }
    } catch {
      this.#compressor.clear();
      return;
    }
    this.#checksum = decoder.last.checksum;
    this.#summary = summary;
    this.#isForeign = true;
  }

  /** The row for one append. What is undefined is left out, as in all JSON; -0 becomes 0. */
  encode(records: readonly LogRecord[]): EncodedRow {
    const blobs: string[] = [];
    const json = this.#toJson(records, blobs);
    const isOver = this.#isForeign || this.#compressor.size + json.length > this.#maxSegmentBytes;
    const summary = isOver ? this.#endSegment() : undefined;
    const startsSegment = this.#compressor.size === 0;
    const body = this.#compressor.compress(json);
    const text = this.#toText(body, startsSegment ? startFlag : continueFlag);
    if (this.#isSummarized) this.#summarize(records, { startsSegment, isWhole: blobs.length === 0 });
    return { text, startsSegment, blobs, summary };
  }

  /** The summary counts as a row of the segment that nothing follows: its messages are copies. */
  #endSegment(): string | undefined {
    const records = this.#summary?.finish();
    this.#summary = undefined;
    this.#isForeign = false;
    this.#compressor.forgetDistances();
    const json = records === undefined ? undefined : JSON.stringify(records);
    const isShort = json !== undefined && json.length <= Math.min(this.#compressor.size / 2, largeStringLength);
    const text = isShort ? this.#toText(this.#compressor.compress(json), summaryFlag) : undefined;
    this.#compressor.clear();
    return text;
  }

  /** A segment whose large strings are elsewhere has no summary: it would refer to them too. */
  #summarize(
    records: readonly LogRecord[],
    { startsSegment, isWhole }: { readonly startsSegment: boolean; readonly isWhole: boolean },
  ): void {
    if (startsSegment) this.#summary = new SegmentSummary();
    if (isWhole) for (const record of records) this.#summary?.take(record);
    else this.#summary = undefined;
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

  #toText(body: Uint8Array, flag: number): string {
    this.#checksum = checksumOf(body, flag, flag === startFlag ? 0 : this.#checksum);
    const { row } = this.#compressor;
    row[0] = flag;
    writeDigits(row, 1, shortChecksum(this.#checksum));
    return utf8.decode(row);
  }
}
