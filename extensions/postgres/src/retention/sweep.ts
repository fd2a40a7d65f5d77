/**
 * Drops what nobody needs any more, some cells at a time. Making the room free for others is the server's autovacuum's business.
 *
 * Owns nothing. Invariants:
 * R1. A cell goes whole and in one transaction, in which it is looked at once more under its lock; never one that is busy, has mail, has a
 *     run that has not ended, or belongs to a worker that lives.
 * R2. What stays is what it was: positions, epochs, snapshots and the runs of other cells do not change.
 */
import type { RunRow, SweepOptions, SweepReport } from "@troupe/core";
import type { Database, Statement } from "../connection/database.ts";
import { expireRows } from "./expired-rows.ts";
import { type RetiredCell, RetiredCells, type SweepBounds } from "./retired-cells.ts";

const defaultRememberMs = 86_400_000;
const markMs = 172_800_000;

const serverTime: Statement = {
  name: "sweep-now",
  text: "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now",
};

/** Cells that go together. */
const pageSize = 100;
/** What a dry run looks at. */
const dryPageSize = 10_000;

/** Sweeps once. @throws StoreError. */
export async function sweep(database: Database, options: SweepOptions): Promise<SweepReport> {
  const { rows } = await database.query<{ now: number }>(serverTime, []);
  const now = rows[0]?.now ?? 0;
  const report = await new Sweeper(database, options).dropRetired(now);
  if (options.isDryRun !== true)
    await expireRows(database, { now, rememberMs: options.rememberMs ?? defaultRememberMs, markMs });
  return report;
}

class Sweeper {
  readonly #retired: RetiredCells;
  readonly #options: SweepOptions;
  readonly #cells: string[] = [];
  readonly #runs: RunRow[] = [];
  #bytes = 0;

  constructor(database: Database, options: SweepOptions) {
    this.#retired = new RetiredCells(database);
    this.#options = options;
  }

  async dropRetired(now: number): Promise<SweepReport> {
    const { maxBytes, isDryRun } = this.#options;
    const bounds = await this.#bounds(now);
    // Bytes that have to go; none without a limit.
    const excess = maxBytes === undefined ? 0 : (await this.#retired.totalBytes()) - maxBytes;
    const limit = isDryRun === true ? dryPageSize : pageSize;
    for (let isMore = true; isMore; ) {
      const page = await this.#retired.list(bounds.mayGoUntil, limit);
      const going = await this.#choose(page, bounds.goUntil, excess);
      // What went is not in the next page; a page of which nothing went would come again.
      isMore = going > 0 && going === page.length && page.length === limit && isDryRun !== true;
    }
    return { cells: this.#cells, runs: this.#runs, bytes: this.#bytes };
  }

  /** Drops the cells of a page that are to go, which are its first ones; returns how many went. */
  async #choose(page: readonly RetiredCell[], goUntil: number, excess: number): Promise<number> {
    const sizes = await this.#retired.bytesOf(page);
    const chosen: RetiredCell[] = [];
    let bytes = this.#bytes;
    for (const cell of page) {
      if (cell.endedAt > goUntil && bytes >= excess) break;
      chosen.push(cell);
      bytes += sizes.get(cell.id) ?? 0;
    }
    if (chosen.length === 0) return 0;
    const { cells, runs } =
      this.#options.isDryRun === true
        ? { cells: chosen, runs: await this.#retired.runsOf(chosen) }
        : await this.#retired.drop(chosen);
    for (const { id, cell } of cells) {
      this.#cells.push(cell);
      this.#bytes += sizes.get(id) ?? 0;
    }
    for (const run of runs) this.#runs.push(run);
    return cells.length;
  }

  async #bounds(now: number): Promise<SweepBounds> {
    const { olderThanMs, keepLast, maxBytes } = this.#options;
    const mayGoUntil = await this.#mayGoUntil(keepLast);
    if (olderThanMs !== undefined) return { goUntil: Math.min(mayGoUntil, Math.floor(now - olderThanMs)), mayGoUntil };
    const isAlone = keepLast !== undefined && maxBytes === undefined;
    return { goUntil: isAlone ? mayGoUntil : 0, mayGoUntil };
  }

  async #mayGoUntil(keepLast: number | undefined): Promise<number> {
    if (keepLast === undefined || keepLast <= 0) return Number.MAX_SAFE_INTEGER;
    const kept = await this.#retired.changedAtOfNewest(keepLast);
    return kept === undefined ? 0 : kept - 1;
  }
}
