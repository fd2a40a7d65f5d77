import type { CellSnapshot } from "@troupe/core";
import type { Database, RunStatement, Statement } from "../connection/database.ts";
import { isBare } from "../rows/cell-rows.ts";
import { parseStored } from "../rows/parse-stored.ts";
import { fromStoredText } from "../rows/stored-text.ts";
import { isDead } from "../worker/liveness.ts";
import { snapshotBody } from "../write/snapshot-batch.ts";

const liveWorker = `SELECT FROM workers w WHERE w.id = c.worker AND NOT ${isDead("$1")}`;

/** Cells that nobody is going to write soon, whose snapshots may name what has expired. */
const listExpiring: Statement = {
  name: "expire-list",
  text: `SELECT c.id::float8 FROM cells c JOIN snapshots s ON s.cell = c.id
    WHERE c.id > $2 AND c.updated_at <= $3 AND s.body ~ '"(marks|remembered)"' AND NOT EXISTS (${liveWorker}) ORDER BY c.id LIMIT $4`,
};

/** Cells that hold nothing, left by workers that died. */
const listBare: Statement = {
  name: "expire-bare",
  text: `SELECT c.id::float8 FROM cells c WHERE c.id > $2 AND ${isBare} AND NOT EXISTS (${liveWorker}) ORDER BY c.id LIMIT $3`,
};

const lock: Statement = {
  name: "expire-lock",
  text: `SELECT coalesce(c.long_name, c.name) AS cell FROM cells c WHERE c.id = $2 AND NOT EXISTS (${liveWorker}) FOR UPDATE OF c`,
};

const readSnapshot: Statement = { name: "expire-read", text: "SELECT body FROM snapshots WHERE cell = $1" };
const writeSnapshot: Statement = { name: "expire-write", text: "UPDATE snapshots SET body = $2 WHERE cell = $1" };
const dropSnapshot: Statement = { name: "expire-drop", text: "DELETE FROM snapshots WHERE cell = $1" };

const dropBare: Statement = { name: "expire-empty", text: `DELETE FROM cells c WHERE c.id = $1 AND ${isBare}` };

/** Large strings to which no row refers. A row is written at most seconds after its strings were marked as used. */
const dropBlobs: Statement = {
  name: "expire-blobs",
  text: `DELETE FROM blobs WHERE used_at < now() - interval '1 hour'
    AND hash NOT IN (SELECT unnest(string_to_array(l.blobs, ',')) FROM log l WHERE l.blobs IS NOT NULL)`,
};

/** Workers that are dead, and that nothing is left of. For a day their rows tell them so, should they wake. */
const dropWorkers: Statement = {
  name: "expire-workers",
  text: `DELETE FROM workers w WHERE ${isDead("$1")} AND w.beat < now() - interval '1 day'
    AND NOT EXISTS (SELECT FROM cells c WHERE c.worker = w.id)`,
};

/** How long things are remembered. Milliseconds. */
export interface ExpiryLimits {
  readonly now: number;
  readonly rememberMs: number;
  /** A mark of another cell is kept for so long after its last message (C10). */
  readonly markMs: number;
}

const pageSize = 200;

/** Drops what has expired or is left over: ids and marks in the snapshots of cells at rest, empty cells, large strings, dead workers. */
export async function expireRows(database: Database, limits: ExpiryLimits): Promise<void> {
  const { leaseMs } = database.settings;
  const until = Math.floor(limits.now - Math.min(limits.rememberMs, limits.markMs));
  for await (const id of pages(database, (last) => [listExpiring, [leaseMs, last, until, pageSize]]))
    await database.transaction((run) => expireCell(run, { id, leaseMs, limits }));
  for await (const id of pages(database, (last) => [listBare, [leaseMs, last, pageSize]]))
    await database.transaction(async (run) => {
      if ((await run(lock, [leaseMs, id])).length > 0) await run(dropBare, [id]);
    });
  await database.query(dropBlobs, []);
  await database.query(dropWorkers, [leaseMs]);
}

/** The ids that a statement finds, which is asked again for those after the last of a full page. */
async function* pages(
  database: Database,
  ask: (last: number) => readonly [Statement, readonly unknown[]],
): AsyncGenerator<number> {
  for (let last = 0; ; ) {
    const { rows } = await database.query<{ id: number }>(...ask(last));
    for (const { id } of rows) yield id;
    const end = rows.at(-1);
    if (end === undefined || rows.length < pageSize) return;
    last = end.id;
  }
}

interface ExpiringCell {
  readonly id: number;
  readonly leaseMs: number;
  readonly limits: ExpiryLimits;
}

async function expireCell(run: RunStatement, { id, leaseMs, limits }: ExpiringCell): Promise<void> {
  const [row] = await run<{ cell: string }>(lock, [leaseMs, id]);
  if (row === undefined) return;
  const [stored] = await run<{ body: string }>(readSnapshot, [id]);
  if (stored === undefined) return;
  const snapshot = parseStored<CellSnapshot>(stored.body, fromStoredText(row.cell), "snapshot");
  const body = snapshotBody(withoutExpired(snapshot, limits));
  if (body === null) await run(dropSnapshot, [id]);
  else if (body !== stored.body) await run(writeSnapshot, [id, body]);
}

function withoutExpired({ marks, remembered, ...rest }: CellSnapshot, limits: ExpiryLimits): CellSnapshot {
  const { now, rememberMs, markMs } = limits;
  return {
    ...rest,
    ...(marks !== undefined && { marks: youngerThan(marks, now - markMs) }),
    ...(remembered !== undefined && { remembered: youngerThan(remembered, now - rememberMs) }),
  };
}

function youngerThan<Item extends { readonly at: number }>(
  items: Readonly<Record<string, Item>>,
  at: number,
): Readonly<Record<string, Item>> {
  return Object.fromEntries(Object.entries(items).filter(([, item]) => item.at > at));
}
