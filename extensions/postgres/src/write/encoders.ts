/**
 * What this process remembers of the logs it writes.
 *
 * Owns: one encoder per cell. Does not own: the rows.
 * Invariants:
 * E1. An encoder goes on only while every row since its segment's start was stored; after anything else the next row starts a segment.
 * E2. The number of encoders is bounded: the one used longest ago goes first.
 * E3. A summary names the segment that it sums up, which ends where its row begins.
 */
import { type EncodedRow, LogEncoder, type StoreRecord } from "@troupe/core";
import { hashText, toStoredText } from "../rows/stored-text.ts";

/** One append as a row, and the large strings that it refers to, by key. */
export interface EncodedAppend extends Omit<EncodedRow, "summary"> {
  readonly texts: ReadonlyMap<string, string>;
  /** What the segment before amounts to, and where it starts; only when the row starts a segment. */
  readonly summary: { readonly start: number; readonly body: string } | undefined;
}

/** Records for the end of a cell's log. */
export interface RecordsToEncode {
  readonly cell: string;
  readonly epoch: number;
  /** Of the first record. */
  readonly position: number;
  readonly records: readonly StoreRecord[];
}

/** The last segment of a log, which another encoder has written. */
export interface LeftSegment {
  readonly start: number;
  readonly texts: readonly string[];
}

interface Entry {
  readonly epoch: number;
  readonly encoder: LogEncoder;
  texts: Map<string, string>;
  /** Where the segment starts that the next row goes on with or ends. */
  segment: number | undefined;
}

const maxEncoders = 1_024;

/** See the head of this file. */
export class Encoders {
  readonly #entries = new Map<string, Entry>();

  /** True when the cell's next row may go on from those before. */
  has(cell: string, epoch: number): boolean {
    return this.#entries.get(cell)?.epoch === epoch;
  }

  /** Sums up, with the cell's next row, what was left by another encoder: that of an owner before. */
  follow(cell: string, epoch: number, { start, texts }: LeftSegment): void {
    const entry = this.#entryOf(cell, epoch);
    entry.encoder.follow(texts);
    entry.segment = start;
  }

  encode({ cell, epoch, position, records }: RecordsToEncode): EncodedAppend {
    const entry = this.#entryOf(cell, epoch);
    const { summary: body, ...row } = entry.encoder.encode(records);
    const { texts, segment: start } = entry;
    if (texts.size > 0) entry.texts = new Map();
    if (row.startsSegment) entry.segment = position;
    const summary = body === undefined || start === undefined ? undefined : { start, body };
    return { ...row, texts, summary };
  }

  /** The next row of the cell, or of every cell, starts a segment. */
  forget(cell?: string): void {
    if (cell === undefined) this.#entries.clear();
    else this.#entries.delete(cell);
  }

  #entryOf(cell: string, epoch: number): Entry {
    const known = this.#entries.get(cell);
    this.#entries.delete(cell);
    const entry = known?.epoch === epoch ? known : createEntry(epoch);
    this.#entries.set(cell, entry);
    if (this.#entries.size > maxEncoders) this.#dropOldest();
    return entry;
  }

  #dropOldest(): void {
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }
}

function createEntry(epoch: number): Entry {
  const toBlob = (text: string): string => {
    const stored = toStoredText(text);
    const hash = hashText(stored);
    entry.texts.set(hash, stored);
    return hash;
  };
  const encoder = new LogEncoder({ toBlob, isSummarized: true });
  const entry: Entry = { epoch, encoder, texts: new Map(), segment: undefined };
  return entry;
}
