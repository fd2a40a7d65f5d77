import type { CollectedEntry, Fence, InboxEntry } from "@troupe/core";
import type { Database, Statement } from "../connection/database.ts";
import { fencedCell } from "../store-refusals.ts";
import { type Asked, Gather } from "../write/gather.ts";
import { parseStored } from "./parse-stored.ts";
import { toStoredName } from "./stored-text.ts";

/**
 * Entries of a cell get their ids under a lock, so that ids become visible in order: an owner that has collected up to an id has seen all
 * below it. The cells' rows stay while entries are on their way to them. A delivery that was stored already is not stored again.
 */
const insert: Statement = {
  name: "inbox-insert",
  text: `WITH input AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS t(name, body, place)
  ), target AS MATERIALIZED (
    SELECT t.name, c.id, c.worker FROM (SELECT DISTINCT name COLLATE "C" AS name FROM input ORDER BY 1) t
      CROSS JOIN LATERAL (SELECT id, worker FROM cells WHERE cells.name = t.name FOR KEY SHARE) c
  ), locked AS MATERIALIZED (
    SELECT id, name, worker, pg_advisory_xact_lock(hashtext(current_schema() || ' inbox'), (id % 2147483647)::integer) FROM target
  ), delivered AS (
    INSERT INTO inbox (cell, id, delivery, body)
    SELECT o.id, nextval('inbox_ids'), $3, o.body FROM (
      SELECT l.id, i.body FROM input i JOIN locked l ON l.name = i.name
      WHERE NOT EXISTS (SELECT FROM inbox b WHERE b.cell = l.id AND b.delivery = $3)
      ORDER BY i.place) o
  ) SELECT name, worker::float8 FROM locked`,
};

const createCells: Statement = {
  name: "inbox-cells",
  text: `INSERT INTO cells (name, long_name)
    SELECT * FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS t(name, long_name)) d ORDER BY name COLLATE "C"
    ON CONFLICT (name) DO NOTHING`,
};

const collect: Statement = {
  name: "inbox-collect",
  text: `SELECT c.name, c.epoch::float8, c.position::float8, w.owner, b.id::float8, b.body
    FROM cells c LEFT JOIN workers w ON w.id = c.worker LEFT JOIN inbox b ON b.cell = c.id
    WHERE c.name = ANY($1::text[]) ORDER BY b.cell, b.id`,
};

interface CollectedRow {
  readonly name: string;
  readonly epoch: number;
  readonly position: number;
  readonly owner: string | null;
  /** Null when the inbox is empty. */
  readonly id: number | null;
  readonly body: string;
}

interface CollectRequest {
  readonly cell: string;
  readonly fence: Fence;
}

interface Delivery {
  readonly cell: string;
  readonly entries: readonly InboxEntry[];
}

const maxBatch = 500;
/** Rounds of making the row of a cell that another process prunes each time. */
const maxRounds = 10;

/** Tells whose inboxes have got something: the ids of workers, null for a cell that nobody holds. */
export type MailListener = (workers: readonly (number | null)[]) => void;

/** What is on its way to the owners of cells. */
export class InboxRows {
  readonly #database: Database;
  readonly #onMail: MailListener;
  readonly #deliveries: Gather<Delivery, void>;
  readonly #collections: Gather<CollectRequest, readonly CollectedEntry[]>;

  constructor(database: Database, onMail: MailListener) {
    this.#database = database;
    this.#onMail = onMail;
    this.#deliveries = new Gather<Delivery, void>({
      run: (batch) => this.#deliver(batch),
      keyOf: ({ cell }) => cell,
      joins: () => true,
      maxBatch,
    });
    this.#collections = new Gather<CollectRequest, readonly CollectedEntry[]>({
      run: (batch) => this.#collect(batch),
      keyOf: ({ cell }) => cell,
      maxBatch,
    });
  }

  deliver(cell: string, entries: readonly InboxEntry[]): Promise<void> {
    return this.#deliveries.add({ cell, entries });
  }

  /** @throws StoreError `store.fenced`. */
  collect(cell: string, fence: Fence): Promise<readonly CollectedEntry[]> {
    return this.#collections.add({ cell, fence });
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    await Promise.all([this.#deliveries.idle(), this.#collections.idle()]);
  }

  async #deliver(batch: readonly Asked<Delivery, void>[]): Promise<void> {
    const delivery = crypto.randomUUID();
    let open = batch;
    for (let round = 0; open.length > 0 && round < maxRounds; round++) {
      if (round > 0) await this.#createCells(open.map(({ input }) => input.cell));
      const reached = await this.#insert(open, delivery);
      for (const { input, resolve } of open) if (reached.has(toStoredName(input.cell).name)) resolve();
      open = open.filter(({ input }) => !reached.has(toStoredName(input.cell).name));
    }
    for (const { input, reject } of open) reject(fencedCell(input.cell, undefined));
  }

  async #insert(open: readonly Asked<Delivery, void>[], delivery: string): Promise<ReadonlySet<string>> {
    const rows = open.flatMap(({ input: { cell, entries } }) => {
      const { name } = toStoredName(cell);
      return entries.map((entry) => ({ name, body: JSON.stringify(entry) }));
    });
    const values = [rows.map(({ name }) => name), rows.map(({ body }) => body), delivery];
    const found = await this.#database.query<{ name: string; worker: number | null }>(insert, values);
    if (found.rows.length > 0) this.#onMail(found.rows.map(({ worker }) => worker));
    return new Set(found.rows.map(({ name }) => name));
  }

  async #createCells(cells: readonly string[]): Promise<void> {
    const names = cells.map(toStoredName);
    await this.#database.query(createCells, [names.map(({ name }) => name), names.map(({ longName }) => longName)]);
  }

  async #collect(batch: readonly Asked<CollectRequest, readonly CollectedEntry[]>[]): Promise<void> {
    const names = batch.map(({ input }) => toStoredName(input.cell).name);
    const { rows } = await this.#database.query<CollectedRow>(collect, [names]);
    const byName = Map.groupBy(rows, ({ name }) => name);
    for (const [index, { input, resolve, reject }] of batch.entries()) {
      const found = byName.get(names[index] ?? "") ?? [];
      const [first] = found;
      if (first === undefined || first.epoch !== input.fence.epoch) reject(fencedCell(input.cell, first));
      else settleWith(() => found.flatMap((row) => toEntry(input.cell, row)), { resolve, reject });
    }
  }
}

function toEntry(cell: string, { id, body }: CollectedRow): readonly CollectedEntry[] {
  return id === null ? [] : [{ id, entry: parseStored<InboxEntry>(body, cell, "inbox") }];
}

/** One cell's damage is that cell's. */
function settleWith<T>(
  make: () => T,
  { resolve, reject }: { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void },
): void {
  try {
    resolve(make());
  } catch (error) {
    reject(error);
  }
}
