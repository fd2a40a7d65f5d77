/**
 * Drops what nobody needs any more, a cell at a time. Making the room free for others is the server's autovacuum's business.
 *
 * Owns nothing. Invariants:
 * R1. A cell goes whole and in one transaction, in which it is looked at once more under its lock; never one that is busy, has mail, has a
 *     run that has not ended, or belongs to a worker that lives.
 * R2. What stays is what it was: positions, epochs, snapshots and the runs of other cells do not change.
 */
import type { RunRow } from "@troupe/core";
import type { Database, Statement } from "../connection/database.ts";
import type { RunRows } from "../rows/run-rows.ts";
import { expireRows } from "./expired-rows.ts";
import { pageSize, type RetiredCell, RetiredCells, type SweepBounds } from "./retired-cells.ts";
import type { SweepOptions, SweepReport } from "./sweep-options.ts";

const defaultRememberMs = 86_400_000;
const markMs = 172_800_000;

const serverTime: Statement = {
  name: "sweep-now",
  text: "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now",
};

/** Sweeps once. @throws StoreError. */
export async function sweep(database: Database, runRows: RunRows, options: SweepOptions): Promise<SweepReport> {
  const { rows } = await database.query<{ now: number }>(serverTime, []);
  const now = rows[0]?.now ?? 0;
  const report = await new Sweeper(database, runRows, options).dropRetired(now);
  if (options.isDryRun !== true)
    await expireRows(database, { now, rememberMs: options.rememberMs ?? defaultRememberMs, markMs });
  return report;
}

class Sweeper {
  readonly #retired: RetiredCells;
  readonly #runRows: RunRows;
  readonly #options: SweepOptions;
  readonly #cells: string[] = [];
  readonly #runs: RunRow[] = [];
  #bytes = 0;

  constructor(database: Database, runRows: RunRows, options: SweepOptions) {
    this.#retired = new RetiredCells(database);
    this.#runRows = runRows;
    this.#options = options;
  }

  async dropRetired(now: number): Promise<SweepReport> {
    const { maxBytes, isDryRun } = this.#options;
    const bounds = await this.#bounds(now);
    const total = maxBytes === undefined ? 0 : await this.#retired.totalBytes();
    const mayGo = ({ endedAt }: RetiredCell): boolean =>
      endedAt <= bounds.goUntil || (maxBytes !== undefined && total - this.#bytes > maxBytes);
    for (let hasMore = true; hasMore; ) {
      const page = await this.#retired.list(bounds.mayGoUntil);
      const dropped = this.#cells.length;
      for (const cell of page) {
        if (!mayGo(cell)) return this.#report();
        await this.#drop(cell);
      }
      // What was dropped is not in the next page; a dry run sees one page.
      hasMore = isDryRun !== true && page.length === pageSize && this.#cells.length > dropped;
    }
    return this.#report();
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

  async #drop(cell: RetiredCell): Promise<void> {
    const bytes = await this.#retired.bytesOf(cell);
    const runs = await this.#runRows.list({ cell: cell.cell });
    if (this.#options.isDryRun !== true && !(await this.#retired.drop(cell))) return;
    this.#cells.push(cell.cell);
    this.#runs.push(...runs);
    this.#bytes += bytes;
  }

  #report(): SweepReport {
    return { cells: this.#cells, runs: this.#runs, bytes: this.#bytes };
  }
}
