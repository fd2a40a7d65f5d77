import type { LogRecord } from "../log-record.ts";

/** What a `LogEncoder` may use. */
export interface LogEncoderOptions {
  /** Keeps a string of more than 256 KiB elsewhere, once, and returns its key. Without it such strings stay in the text. */
  readonly toBlob?: ((text: string) => string) | undefined;
  /** Memory that one segment's dictionary may take, in bytes; a fuller one ends the segment. Default 262,144. */
  readonly maxSegmentBytes?: number | undefined;
}

/** One append as a store keeps it. */
export interface EncodedRow {
  readonly text: string;
  /** True when the row can be read without any before it; false when it needs all since the last that could. */
  readonly startsSegment: boolean;
}

/** Encodes the appends of one cell in order; remembers what the segment holds already and refers to it. */
export class LogEncoder {
  readonly #options: LogEncoderOptions;

  constructor(options: LogEncoderOptions = {}) {
    this.#options = options;
  }

  /** The row to store for one append. Fields that are undefined are left out. */
  encode(records: readonly LogRecord[]): EncodedRow {
    const { toBlob } = this.#options;
    const text = JSON.stringify(records, (_key, value: unknown) => {
      if (typeof value !== "string") return value;
      if (value.length > 262_144 && toBlob !== undefined) return `~b${toBlob(value)}`;
      return value.startsWith("~") ? `~${value}` : value;
    });
    return { text, startsSegment: true };
  }
}
