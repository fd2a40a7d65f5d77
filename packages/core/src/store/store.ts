import type { MaybePromise } from "../async/index.ts";
import type { AgentImage, LogRecord } from "./log-record.ts";
import type { Mail } from "./mail.ts";

/** What a cell's owner starts from: the fence, the log's end and the newest snapshot. */
export interface CellClaim {
  /** Grows with every claim; an `append` with an older one is refused. */
  readonly epoch: number;
  /** Records in the log so far, the pruned ones included. */
  readonly position: number;
  readonly snapshot: CellSnapshot | undefined;
}

/** The agents of a cell at rest, so that a claim need not read the whole log. */
export interface CellSnapshot {
  /** The log position up to which the snapshot is true. */
  readonly position: number;
  /** By mailbox key; agents equal to their initial state are left out. */
  readonly agents: Readonly<Record<string, AgentImage>>;
}

/** Which records to read. */
export interface LogRange {
  /** First position wanted, from 0. */
  readonly from?: number | undefined;
  readonly limit?: number | undefined;
}

/**
 * Where cells keep their logs (C21). Methods return a value or a promise; the runtime awaits only promises.
 * The suite `storeContract` in `@troupe/core/testing` says exactly what an implementation must do.
 *
 * @throws StoreError `store.fenced` (another owner claimed the cell), `store.conflict` (position does not match),
 * `store.unavailable`, `store.closed`.
 */
export interface Store {
  readonly kind: "store";
  /** False when everything ends with the process: then stand-alone agents write no records at all. */
  readonly isDurable: boolean;
  /** Makes `owner` the one writer of a cell. */
  claim(cell: string, owner: string): MaybePromise<CellClaim>;
  /** Adds records in one atomic write and returns the log's new position. */
  append(cell: string, fence: Fence, records: readonly LogRecord[]): MaybePromise<number>;
  read(cell: string, range?: LogRange): MaybePromise<readonly LogRecord[]>;
  /** Replaces the cell's snapshot; one without agents removes it. */
  snapshot(cell: string, fence: Fence, snapshot: CellSnapshot): MaybePromise<void>;
  /** Puts messages from other cells into the inbox, at least once, in order per recipient. */
  deliver(cell: string, mails: readonly Mail[]): MaybePromise<void>;
  /** Takes everything out of the inbox. */
  collect(cell: string, fence: Fence): MaybePromise<readonly Mail[]>;
  /** Drops records before a position; without one, everything the cell has. */
  prune(cell: string, before?: number): MaybePromise<void>;
  /** The names of cells that hold anything. */
  cells(): MaybePromise<readonly string[]>;
  close(): MaybePromise<void>;
}

/** Proves ownership: the epoch of the claim and the position the writer believes the log to have. */
export interface Fence {
  readonly epoch: number;
  readonly position: number;
}
