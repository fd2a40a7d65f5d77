import { StoreError } from "@troupe/core";
import type { Database, Statement } from "../connection/database.ts";
import { fromStoredText } from "./stored-text.ts";

/** Marks blobs as used, so that no sweep takes them before the row that refers to them is stored, and says which there are. */
const touch: Statement = {
  name: "blob-touch",
  text: `UPDATE blobs SET used_at = now() WHERE hash IN (SELECT hash FROM blobs WHERE hash = ANY($1::text[]) ORDER BY hash FOR UPDATE)
    RETURNING hash`,
};

const insert: Statement = {
  name: "blob-insert",
  text: `INSERT INTO blobs (hash, used_at, body)
    SELECT hash, now(), body FROM unnest($1::text[], $2::text[]) AS t(hash, body) ORDER BY hash COLLATE "C"
    ON CONFLICT (hash) DO UPDATE SET used_at = now()`,
};

const select: Statement = {
  name: "blob-select",
  text: "SELECT hash, body FROM blobs WHERE hash = ANY($1::text[])",
};

/** Strings too large for a log row, each stored once (C23). */
export class BlobRows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Stores what is not there yet. It must be done before the rows that refer to it. */
  async keep(texts: ReadonlyMap<string, string>): Promise<void> {
    if (texts.size === 0) return;
    const { rows } = await this.#database.query<{ hash: string }>(touch, [[...texts.keys()]]);
    const known = new Set(rows.map(({ hash }) => hash));
    const missing = [...texts].filter(([hash]) => !known.has(hash));
    if (missing.length === 0) return;
    await this.#database.query(insert, [missing.map(([hash]) => hash), missing.map(([, text]) => text)]);
  }

  /** How to look up the strings that some rows refer to. */
  async load(hashes: readonly string[]): Promise<(hash: string) => string> {
    const texts = new Map<string, string>();
    if (hashes.length > 0) {
      const { rows } = await this.#database.query<{ hash: string; body: string }>(select, [[...new Set(hashes)]]);
      for (const { hash, body } of rows) texts.set(hash, fromStoredText(body));
    }
    return (hash) => texts.get(hash) ?? missingBlob(hash);
  }
}

function missingBlob(hash: string): never {
  throw new StoreError("store.corrupted", `The large string "${hash}" is missing`, {
    remedy: "Restore the database from a backup, or prune the cell that refers to it.",
  });
}
