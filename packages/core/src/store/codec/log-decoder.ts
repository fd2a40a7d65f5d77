import { trustType } from "../../agent/index.ts";
import { StoreError } from "../../errors/index.ts";
import { freezeJson } from "../freeze-json.ts";
import type { LogRecord } from "../log-record.ts";

/** What a `LogDecoder` may use. */
export interface LogDecoderOptions {
  /** Returns the string that an encoder's `toBlob` has kept under this key. */
  readonly fromBlob?: ((key: string) => string) | undefined;
}

/** Decodes rows in order, from one that starts a segment. The records are frozen all the way down. */
export class LogDecoder {
  readonly #options: LogDecoderOptions;

  constructor(options: LogDecoderOptions = {}) {
    this.#options = options;
  }

  /** The records of one append. @throws StoreError `store.corrupted` when the text is not what an encoder wrote. */
  decode(text: string): readonly LogRecord[] {
    const { fromBlob } = this.#options;
    try {
      const records: unknown = JSON.parse(text, (_key, value: unknown) => {
        if (typeof value !== "string" || !value.startsWith("~")) return value;
        return value.startsWith("~b") ? fromBlob?.(value.slice(2)) : value.slice(1);
      });
      return trustType<readonly LogRecord[]>(freezeJson(records, "A stored record", Number.MAX_SAFE_INTEGER));
    } catch (error) {
      throw new StoreError("store.corrupted", "A row of the log cannot be read", {
        remedy: "Restore the store from a backup, or prune the cell.",
        cause: error,
      });
    }
  }
}
