/**
 * Drops what nobody needs any more and gives its room back to the disk, a little at a time: cells whose runs have ended, expired message
 * ids, cells that hold nothing, dead workers.
 *
 * Invariants:
 * R1. A cell goes whole and in one transaction, in which it is looked at once more; never one that is busy, has mail, has a run that has not
 *     ended, or belongs to a worker that lives.
 * R2. What stays is what it was: positions, epochs, snapshots and the runs of other cells do not change.
 * R3. Between two transactions everybody else gets his turn.
 */
import type { CellSnapshot, MaybePromise, RunRow, SweepOptions, SweepReport } from "@troupe/core";
import { dropCell } from "../prune-cell.ts";
import type { StoredCell } from "../rows/cell-rows.ts";
import type { StoreTables } from "../store-tables.ts";
import { beginning, type RetiredCell } from "./retired-cells.ts";

/** How a sweep reaches the store. */
export interface SweepAccess {
  readonly read: <T>(read: (tables: StoreTables) => T) => MaybePromise<T>;
  readonly write: <T>(write: (tables: StoreTables) => T) => Promise<T>;
  /** Copies the write-ahead log into the file, unless somebody is reading. */
  readonly checkpoint: () => MaybePromise<void>;
  readonly now: () => number;
}

interface Bounds {
  /** Cells that ended at or before this go. */
  readonly goUntil: number;
  /** Cells that ended after this stay, however much room they take. */
  readonly mayGoUntil: number;
}

const defaultRememberMs = 86_400_000;
/** A mark of another cell is kept for so long after its last message (C10). */
const markMs = 172_800_000;
const pageSize = 64;
const vacuumPages = 256;
/** Cells looked at in one go. */
const scanSize = 4_096;

/** See the head of this file. */
export async function sweep(access: SweepAccess, options: SweepOptions): Promise<SweepReport> {
  const bytesBefore = await access.read((tables) => tables.file.size());
  const found = new Findings();
  const bounds = await access.read((tables) => boundsOf(tables, options, access.now()));
  for await (const cell of retiredUntil(access, bounds.mayGoUntil)) {
    if (cell.endedAt > bounds.goUntil && !(await isTooLarge(access, options, found))) break;
    await (options.isDryRun === true ? weigh(access, cell, found) : drop(access, cell, found));
  }
  if (options.isDryRun === true) return found.report(found.bytes);
  await expireSnapshots(access, options.rememberMs ?? defaultRememberMs);
  await dropBareCells(access);
  await access.write((tables) => tables.workers.tidy());
  await vacuum(access);
  return found.report(Math.max(0, bytesBefore - (await access.read((tables) => tables.file.size()))));
}

/** The cells that may go, in the order in which they ended. */
async function* retiredUntil(access: SweepAccess, until: number): AsyncGenerator<RetiredCell> {
  let last: Pick<RetiredCell, "endedAt" | "runRow"> = beginning;
  for (;;) {
    const after = last;
    const page = await access.read((tables) => tables.retired.next(after, until, pageSize));
    yield* page;
    const end = page.at(-1);
    if (end === undefined || page.length < pageSize) return;
    last = end;
  }
}

class Findings {
  readonly #cells: string[] = [];
  readonly #runs: RunRow[] = [];
  bytes = 0;

  add(cell: string, runs: readonly RunRow[], bytes: number): void {
    this.#cells.push(cell);
    this.#runs.push(...runs);
    this.bytes += bytes;
  }

  report(bytes: number): SweepReport {
    return { cells: this.#cells, runs: this.#runs, bytes };
  }
}

function boundsOf(tables: StoreTables, { olderThanMs, keepLast, maxBytes }: SweepOptions, now: number): Bounds {
  const kept = keepLast === undefined || keepLast <= 0 ? undefined : tables.retired.changedAtOfNewest(keepLast);
  const isShort = keepLast !== undefined && keepLast > 0 && kept === undefined;
  const mayGoUntil = isShort ? Number.MIN_SAFE_INTEGER : kept === undefined ? Number.MAX_SAFE_INTEGER : kept - 1;
  if (olderThanMs !== undefined) return { goUntil: Math.min(mayGoUntil, now - olderThanMs), mayGoUntil };
  const isAlone = keepLast !== undefined && maxBytes === undefined;
  return { goUntil: isAlone ? mayGoUntil : Number.MIN_SAFE_INTEGER, mayGoUntil };
}

async function isTooLarge(
  access: SweepAccess,
  { maxBytes, isDryRun }: SweepOptions,
  found: Findings,
): Promise<boolean> {
  if (maxBytes === undefined) return false;
  const used = await access.read((tables) => tables.file.usedBytes());
  return used - (isDryRun === true ? found.bytes : 0) > maxBytes;
}

/** The cell, if it may go (R1). */
function mayGo(tables: StoreTables, { name }: RetiredCell): StoredCell | undefined {
  const retired = tables.retired.find(name);
  if (retired === undefined) return undefined;
  if (retired.owner !== undefined && tables.workers.nameOfLive(retired.owner) !== undefined) return undefined;
  return tables.cells.find(name);
}

async function weigh(access: SweepAccess, cell: RetiredCell, found: Findings): Promise<void> {
  await access.read((tables) => {
    const stored = mayGo(tables, cell);
    if (stored !== undefined) found.add(cell.name, tables.runs.list({ cell: cell.name }), tables.logs.bytesOf(stored));
  });
}

async function drop(access: SweepAccess, cell: RetiredCell, found: Findings): Promise<void> {
  const runs = await access.write((tables) => {
    const stored = mayGo(tables, cell);
    if (stored === undefined) return undefined;
    const ended = tables.runs.list({ cell: cell.name });
    dropCell(tables, stored);
    return ended;
  });
  if (runs !== undefined) found.add(cell.name, runs, 0);
}

/** Takes expired message ids and marks out of snapshots that nobody is going to write again soon. */
async function expireSnapshots(access: SweepAccess, rememberMs: number): Promise<void> {
  const now = access.now();
  const until = now - Math.min(rememberMs, markMs);
  const expire = (snapshot: CellSnapshot): CellSnapshot => withoutExpired(snapshot, now, rememberMs);
  let last = 0;
  for (;;) {
    const after = last;
    const page = await access.read((tables) => tables.snapshots.stale(until, after, pageSize));
    for (const id of page) await access.write((tables) => expireSnapshot(tables, id, expire));
    const end = page.at(-1);
    if (end === undefined || page.length < pageSize) return;
    last = end;
  }
}

function expireSnapshot(tables: StoreTables, id: number, change: (snapshot: CellSnapshot) => CellSnapshot): void {
  const cell = tables.cells.findById(id);
  if (cell === undefined) return;
  if (cell.owner !== undefined && tables.workers.nameOfLive(cell.owner) !== undefined) return;
  const snapshot = tables.snapshots.read(id, cell.name);
  if (snapshot !== undefined) tables.snapshots.put(id, change(snapshot));
}

/** Drops the rows of cells that hold nothing and that nobody alive has claimed. */
async function dropBareCells(access: SweepAccess): Promise<void> {
  const end = await access.read((tables) => tables.cells.lastId());
  for (let from = 1; from <= end; from += scanSize) {
    const ids = await access.read((tables) => tables.cells.bare(from, from + scanSize));
    if (ids.length > 0) await access.write((tables) => dropBare(tables, ids));
  }
}

function dropBare(tables: StoreTables, ids: readonly number[]): void {
  for (const id of ids) {
    const owner = tables.cells.findById(id)?.owner;
    if (owner === undefined || tables.workers.nameOfLive(owner) === undefined) tables.cells.dropBare(id);
  }
}

function withoutExpired(snapshot: CellSnapshot, now: number, rememberMs: number): CellSnapshot {
  const { marks, remembered, ...rest } = snapshot;
  const keptMarks = younger(marks, now - markMs);
  const keptTurns = younger(remembered, now - rememberMs);
  return { ...rest, ...(keptMarks && { marks: keptMarks }), ...(keptTurns && { remembered: keptTurns }) };
}

function younger<Item extends { readonly at: number }>(
  items: Readonly<Record<string, Item>> | undefined,
  than: number,
): Readonly<Record<string, Item>> | undefined {
  const kept = Object.entries(items ?? {}).filter(([, item]) => item.at > than);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

async function vacuum(access: SweepAccess): Promise<void> {
  let left = await access.read((tables) => tables.file.freePages());
  while (left > 0) {
    const before = left;
    left = await access.write((tables) => tables.file.vacuum(vacuumPages));
    // Others may use free pages up and make new ones; nothing is given back of a file that was made without this in mind.
    if (left >= before) break;
  }
  await access.checkpoint();
}
