/**
 * Appends and snapshots, many cells with one commit.
 *
 * Owns: what waits to be written, the encoders. Does not own: connections, who may claim.
 * Invariants:
 * W1. A write changes a cell only where its fence holds; a cell that is refused, or whose text the server refuses, fails alone (C22).
 * W2. A promise resolves only when the server has committed.
 * W3. An append whose answer was lost is asked for again, and resolves if the first attempt was executed: never twice, never in doubt
 *     while the server comes back in time.
 * W4. Writes to one cell are made in the order asked for.
 * W5. Notes are written with the records or not at all.
 */
import { type CellSnapshot, type Fence, LogEncoder, StoreError } from "@troupe/core";
import type { Database, Statement } from "../connection/database.ts";
import type { BlobRows } from "../rows/blob-rows.ts";
import { toStoredName } from "../rows/stored-text.ts";
import { fencedCell, type FoundCell, misplacedWrite } from "../store-refusals.ts";
import {
  type AppendRequest,
  appendStatement,
  type CellAppend,
  follows,
  groupByCell,
  lengthOf,
} from "./append-batch.ts";
import { Encoders } from "./encoders.ts";
import { type Asked, Gather } from "./gather.ts";
import { leftSegments } from "./left-segments.ts";
import { putSnapshots, snapshotBody, type SnapshotRequest, snapshotValues } from "./snapshot-batch.ts";

type WriteRequest = AppendRequest | SnapshotRequest;

const maxBatch = 500;
/** Text in one statement: the server holds it in memory several times. */
const maxStatementLength = 8_388_608;

/** Segments of other owners that are read at once, and decoded without a pause. */
const maxFollowed = 100;

const find: Statement = {
  name: "write-refused",
  text: `SELECT c.name, c.epoch::float8, c.position::float8, w.owner FROM cells c LEFT JOIN workers w ON w.id = c.worker
    WHERE c.name = ANY($1::text[])`,
};

/** See the head of this file. */
export class GroupCommit {
  readonly #database: Database;
  readonly #blobs: BlobRows;
  readonly #encoders = new Encoders();
  readonly #gather: Gather<WriteRequest, number>;
  readonly #onCommit: () => void;

  /** @param onCommit called after records were written. */
  constructor(database: Database, blobs: BlobRows, onCommit: () => void) {
    this.#database = database;
    this.#blobs = blobs;
    this.#onCommit = onCommit;
    this.#gather = new Gather<WriteRequest, number>({
      run: (batch) => this.#run(batch),
      keyOf: ({ cell }) => cell,
      joins: (last, next) => last.kind === "append" && next.kind === "append" && follows(last, next),
      maxBatch,
    });
  }

  /** Returns the log's new position. */
  append(request: Omit<AppendRequest, "kind">): Promise<number> {
    return this.#gather.add({ kind: "append", ...request });
  }

  async snapshot(
    cell: string,
    fence: Fence,
    what: { readonly snapshot: CellSnapshot; readonly dropsLog: boolean },
  ): Promise<void> {
    await this.#gather.add({ kind: "snapshot", cell, fence, ...what, body: snapshotBody(what.snapshot) });
  }

  /** The next append to the cell, or to every cell, must be readable without those before. */
  forget(cell?: string): void {
    this.#encoders.forget(cell);
  }

  /** Resolves when everything asked for is written or refused. */
  idle(): Promise<void> {
    return this.#gather.idle();
  }

  async #run(batch: readonly Asked<WriteRequest, number>[]): Promise<void> {
    const appends: Asked<AppendRequest, number>[] = [];
    const snapshots: Asked<SnapshotRequest, number>[] = [];
    for (const { input, resolve, reject } of batch) {
      if (input.kind === "append") appends.push({ input, resolve, reject });
      else snapshots.push({ input, resolve, reject });
    }
    // No cell is in both, so neither waits for the other.
    await Promise.all([this.#appendAll(appends), this.#snapshotAll(snapshots)]);
  }

  async #appendAll(asked: readonly Asked<AppendRequest, number>[]): Promise<void> {
    const grouped = groupByCell(asked);
    const unknown = grouped.filter((group) => this.#mayFollow(group));
    const failed = new Set<CellAppend>();
    for (let first = 0; first < unknown.length; first += maxFollowed) {
      const some = unknown.slice(first, first + maxFollowed);
      if (!(await this.#follow(some))) for (const group of some) failed.add(group);
    }
    const groups = grouped.filter((group) => !failed.has(group) && this.#encode(group));
    for (const chunk of chunksOf(groups, lengthOf)) await this.#append(chunk);
  }

  /** True for a log whose end was written by another encoder, and may be long enough to be summed up. */
  #mayFollow({ cell, fence, records }: CellAppend): boolean {
    return records.length > 0 && fence.position >= LogEncoder.leastFollowed && !this.#encoders.has(cell, fence.epoch);
  }

  /** Reads what the encoders of these cells are to sum up; false when that failed. */
  async #follow(groups: readonly CellAppend[]): Promise<boolean> {
    try {
      const segments = await leftSegments(this.#database, groups);
      for (const { cell, fence } of groups) {
        const segment = segments.get(cell);
        if (segment !== undefined) this.#encoders.follow(cell, fence.epoch, segment);
      }
      return true;
    } catch (error) {
      this.#fail(groups, error);
      return false;
    }
  }

  /** False when the records cannot be encoded. */
  #encode(group: CellAppend): boolean {
    if (group.records.length === 0) return true;
    try {
      const { cell, fence, records } = group;
      group.row = this.#encoders.encode({ cell, ...fence, records });
      return true;
    } catch (error) {
      this.#fail([group], error);
      return false;
    }
  }

  async #append(groups: readonly CellAppend[]): Promise<void> {
    try {
      await this.#blobs.keep(new Map(groups.flatMap(({ row }) => [...(row?.texts ?? [])])));
      const { statement, values } = appendStatement(groups);
      const { rows, isRepeated } = await this.#database.query<{ name: string }>(statement, values);
      const moved = new Set(rows.map(({ name }) => name));
      const isMoved = ({ cell }: CellAppend): boolean => moved.has(toStoredName(cell).name);
      for (const group of groups) if (isMoved(group)) succeed(group);
      await this.#refuse(
        groups.filter((group) => !isMoved(group)),
        isRepeated,
      );
      if (rows.length > 0) this.#onCommit();
    } catch (error) {
      if (groups.length > 1 && isOfOneRow(error)) for (const group of groups) await this.#append([group]);
      else this.#fail(groups, error);
    }
  }

  async #refuse(groups: readonly CellAppend[], isRepeated: boolean): Promise<void> {
    if (groups.length === 0) return;
    const found = await this.#find(groups.map(({ cell }) => cell));
    for (const group of groups) {
      const { cell, fence, records } = group;
      const row = found.get(toStoredName(cell).name);
      if (row === undefined || row.epoch !== fence.epoch) this.#fail([group], fencedCell(cell, row));
      // Nobody else writes in this epoch: the attempt whose answer was lost has done it (W3).
      else if (isRepeated && row.position === fence.position + records.length) succeed(group);
      else this.#fail([group], misplacedWrite(cell, row, fence));
    }
  }

  #fail(groups: readonly CellAppend[], error: unknown): void {
    for (const { cell, asked } of groups) {
      this.#encoders.forget(cell);
      for (const { reject } of asked) reject(error);
    }
  }

  async #snapshotAll(asked: readonly Asked<SnapshotRequest, number>[]): Promise<void> {
    for (const chunk of chunksOf(asked, ({ input }) => input.body?.length ?? 0)) await this.#snapshot(chunk);
  }

  async #snapshot(asked: readonly Asked<SnapshotRequest, number>[]): Promise<void> {
    try {
      // When the whole log goes, what the encoder remembers goes with it.
      for (const { input } of asked) if (input.dropsLog) this.#encoders.forget(input.cell);
      const values = snapshotValues(asked.map(({ input }) => input));
      const { rows } = await this.#database.query<{ name: string }>(putSnapshots, values);
      const written = new Set(rows.map(({ name }) => name));
      const isWritten = ({ input }: Asked<SnapshotRequest, number>): boolean =>
        written.has(toStoredName(input.cell).name);
      for (const each of asked) if (isWritten(each)) each.resolve(each.input.fence.position);
      const refused = asked.filter((each) => !isWritten(each));
      if (refused.length === 0) return;
      const found = await this.#find(refused.map(({ input }) => input.cell));
      for (const { input, reject } of refused) reject(fencedCell(input.cell, found.get(toStoredName(input.cell).name)));
    } catch (error) {
      if (asked.length > 1 && isOfOneRow(error)) for (const each of asked) await this.#snapshot([each]);
      else for (const { reject } of asked) reject(error);
    }
  }

  async #find(cells: readonly string[]): Promise<ReadonlyMap<string, FoundCell>> {
    const names = cells.map((cell) => toStoredName(cell).name);
    const { rows } = await this.#database.query<FoundCell & { readonly name: string }>(find, [names]);
    return new Map(rows.map((row) => [row.name, row]));
  }
}

function succeed({ asked }: CellAppend): void {
  for (const { input, resolve } of asked) resolve(input.fence.position + input.records.length);
}

/** True when the server objects to a value, and not to the statement: SQLSTATE classes 22 (data) and 54 (limits). */
function isOfOneRow(error: unknown): boolean {
  const state = error instanceof StoreError ? error.details?.["sqlState"] : undefined;
  return typeof state === "string" && /^(22|54)/.test(state);
}

/** Parts of at most `maxStatementLength`, or of one element that is longer. */
function* chunksOf<T>(items: readonly T[], lengthOf: (item: T) => number): Generator<readonly T[]> {
  let chunk: T[] = [];
  let length = 0;
  for (const item of items) {
    const size = lengthOf(item);
    if (chunk.length > 0 && length + size > maxStatementLength) {
      yield chunk;
      chunk = [];
      length = 0;
    }
    chunk.push(item);
    length += size;
  }
  if (chunk.length > 0) yield chunk;
}
