/**
 * What this process remembers of the logs it writes.
 *
 * Owns: one encoder per cell. Does not own: the rows.
 * Invariants:
 * E1. An encoder goes on only while every row since its segment's start was stored; after anything else the next row starts a segment.
 * E2. The number of encoders is bounded: the one used longest ago goes first.
 */
import { type EncodedRow, LogEncoder, type StoreRecord } from "@troupe/core";
import { hashText, toStoredText } from "../rows/stored-text.ts";

/** One append as a row, and the large strings that it refers to, by key. */
export interface EncodedAppend extends EncodedRow {
  readonly texts: ReadonlyMap<string, string>;
}

interface Entry {
  readonly epoch: number;
  readonly encoder: LogEncoder;
  texts: Map<string, string>;
}

const maxEncoders = 1_024;

/** See the head of this file. */
export class Encoders {
  readonly #entries = new Map<string, Entry>();

  encode(cell: string, epoch: number, records: readonly StoreRecord[]): EncodedAppend {
    const entry = this.#entryOf(cell, epoch);
    const row = entry.encoder.encode(records);
    const { texts } = entry;
    if (texts.size > 0) entry.texts = new Map();
    return { ...row, texts };
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
  const entry: Entry = { epoch, encoder: new LogEncoder({ toBlob }), texts: new Map() };
  return entry;
}
