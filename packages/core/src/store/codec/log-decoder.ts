/**
 * The way back from rows to records.
 *
 * Owns: the segment read so far. Does not own: which rows there are (the store).
 * Invariants:
 * D1. A row that is not what an encoder wrote, or does not follow the row decoded last, is refused.
 * D2. After a refusal, rows that go on are refused until one starts a segment or follows the last that was accepted.
 * D3. Records are frozen all the way down, as `freezeJson` recognises it: they are taken over without a copy.
 */
import { trustType } from "../../agent/index.ts";
import { StoreError } from "../../errors/index.ts";
import type { LogRecord } from "../log-record.ts";
import { restoreLargeStrings } from "./large-strings.ts";
import {
  checksumOf,
  continueFlag,
  headerBytes,
  readDigits,
  shortChecksum,
  startFlag,
  summaryFlag,
} from "./row-format.ts";
import { RowExpander } from "./row-expander.ts";

/** What a `LogDecoder` may use. */
export interface LogDecoderOptions {
  /** Returns the string that an encoder's `toBlob` has kept under this key; should throw a StoreError when there is none. */
  readonly fromBlob?: ((key: string) => string) | undefined;
}

/** Strings of this length and more are held once for each segment: messages occur in several records. */
const sharedLength = 64;

/** In the JSON text of every record that shows an event; strings have their quotes escaped. */
const eventsText = '"events":[{';

const utf8: TextEncoder = /* @__PURE__ */ new TextEncoder();

/** Decodes rows in order, from one that starts a segment. */
export class LogDecoder {
  readonly #fromBlob: ((key: string) => string) | undefined;
  readonly #expander = new RowExpander();
  readonly #strings = new Map<string, string>();
  /** Of the row before; undefined when there is none. */
  #checksum: number | undefined;

  constructor(options: LogDecoderOptions = {}) {
    this.#fromBlob = options.fromBlob;
  }

  /**
   * The records of one append, frozen all the way down.
   *
   * @throws StoreError `store.corrupted` when the text is not what an encoder wrote after the row decoded last.
   */
  decode(text: string): readonly LogRecord[] {
    this.#accept(utf8.encode(text));
    return this.#toRecords(this.#text());
  }

  /**
   * Takes rows as part of the segment without decoding them, for who reads its summary instead.
   *
   * @param texts of the rows, one behind the other.
   * @param sizes of each, in bytes of UTF-8.
   * @throws As `decode`.
   */
  pass(texts: string, sizes: readonly number[]): void {
    const rows = utf8.encode(texts);
    let from = 0;
    for (const size of sizes) {
      this.#accept(rows.subarray(from, from + size));
      from += size;
    }
    if (from !== rows.length) throw corrupted("it is not as long as it should be");
  }

  /**
   * The records that stand for those of the whole segment, after its last row. Folding them leaves what folding the others leaves; they
   * show the same events. The next row starts a segment.
   *
   * @throws As `decode`.
   */
  decodeSummary(text: string): readonly LogRecord[] {
    this.#expander.forgetDistances();
    this.#accept(utf8.encode(text), summaryFlag);
    this.#checksum = undefined;
    return this.#toRecords(this.#text());
  }

  /**
   * The records of one append, or undefined when no event is among them: for who looks for events only.
   *
   * @throws As `decode`.
   */
  decodeEvents(text: string): readonly LogRecord[] | undefined {
    this.#accept(utf8.encode(text));
    const json = this.#text();
    return json.includes(eventsText) ? this.#toRecords(json) : undefined;
  }

  /** The JSON text of the row decoded last, and its checksum: what an encoder needs to follow it. @throws As `decode`. */
  get last(): { readonly json: string; readonly checksum: number } {
    return { json: this.#text(), checksum: this.#checksum ?? 0 };
  }

  /** The text of a row becomes part of the segment. */
  #accept(row: Uint8Array, last: number = continueFlag): void {
    const flag = row[0];
    if (flag !== last && (flag !== startFlag || last !== continueFlag)) throw corrupted("it has no known format");
    const before = flag === startFlag ? 0 : this.#checksum;
    if (before === undefined) throw corrupted("the row that starts its segment was not read");
    const body = row.subarray(headerBytes);
    const checksum = checksumOf(body, flag, before);
    const stored = readDigits(row, 1, headerBytes - 1);
    if (shortChecksum(checksum).value !== stored) throw corrupted("its checksum does not fit");
    if (flag === startFlag) this.#clear();
    this.#checksum = checksum;
    this.#expand(body);
  }

  #clear(): void {
    this.#expander.clear();
    this.#strings.clear();
  }

  #expand(body: Uint8Array): void {
    try {
      this.#expander.take(body);
    } catch (cause) {
      this.#checksum = undefined;
      throw corrupted("it refers to text that its segment does not have", cause);
    }
  }

  #text(): string {
    try {
      return this.#expander.text();
    } catch (cause) {
      this.#checksum = undefined;
      throw corrupted("it is not UTF-8", cause);
    }
  }

  #toRecords(json: string): readonly LogRecord[] {
    const full = restoreLargeStrings(json, (key) => this.#readBlob(key));
    try {
      return trustType<readonly LogRecord[]>(this.#freeze(trustType<object>(JSON.parse(full))));
    } catch (cause) {
      throw corrupted("its text is not JSON", cause);
    }
  }

  #readBlob(key: string): string {
    if (this.#fromBlob !== undefined) return this.#fromBlob(key);
    throw corrupted(`it refers to blob "${key}", and there is no fromBlob option`);
  }

  /** Written for what JSON.parse makes: a log of ten thousand turns has a million values. */
  #freeze(value: object): object {
    if (Array.isArray(value)) this.#settleItems(value);
    else this.#settleFields(trustType<Record<string, unknown>>(value));
    return Object.freeze(value);
  }

  #settleItems(items: unknown[]): void {
    for (let index = 0; index < items.length; index++) {
      const item = items[index];
      if (typeof item === "object" && item !== null) this.#freeze(item);
      else if (typeof item === "string" && item.length >= sharedLength) items[index] = this.#share(item);
    }
  }

  #settleFields(fields: Record<string, unknown>): void {
    for (const key in fields) {
      const item = fields[key];
      if (typeof item === "object" && item !== null) this.#freeze(item);
      else if (typeof item === "string" && item.length >= sharedLength) fields[key] = this.#share(item);
    }
  }

  #share(text: string): string {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    this.#strings.set(text, text);
    return text;
  }
}

function corrupted(reason: string, cause?: unknown): StoreError {
  return new StoreError("store.corrupted", `A row of the log cannot be read: ${reason}`, {
    remedy: "Restore the store from a backup, or prune the cell that the row belongs to.",
    ...(cause !== undefined && { cause }),
  });
}
