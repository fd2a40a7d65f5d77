import type { MaybePromise } from "../async/index.ts";
import type { JsonValue } from "../errors/index.ts";
import type { AgentId } from "../identity/index.ts";
import type { AgentImage, LogRecord } from "./log-record.ts";
import type { Mail, ReplyOutcome } from "./mail.ts";

/** What a cell's owner starts from: the fence, the log's end and the newest snapshot. */
export interface CellClaim {
  /** Grows with every claim; an `append` with an older one is refused. */
  readonly epoch: number;
  /** Records in the log so far, the pruned ones included. */
  readonly position: number;
  readonly snapshot: CellSnapshot | undefined;
  /** False when the owner before has died without releasing the cell (C8). */
  readonly isClean: boolean;
}

/** A cell at one position of its log, so that a claim need not read what came before. */
export interface CellSnapshot {
  /** The log position up to which the snapshot is true. */
  readonly position: number;
  /** By mailbox key; agents equal to their initial state are left out. */
  readonly agents: Readonly<Record<string, AgentImage>>;
  /** Numbers given to messages for other cells so far (C10). */
  readonly sent?: number;
  /** By source cell: the highest number received, and when (C10). */
  readonly marks?: Readonly<Record<string, SourceMark>>;
  /** Messages from outside whose id their sender chose, by turn id, with how they ended (C10). */
  readonly remembered?: Readonly<Record<string, RememberedTurn>>;
}

/** How far the messages of one source cell have arrived. */
export interface SourceMark {
  readonly number: number;
  /** Epoch milliseconds of the last arrival. */
  readonly at: number;
}

/** A message that must not be handled twice. */
export interface RememberedTurn {
  /** Epoch milliseconds of its arrival. */
  readonly at: number;
  /** Absent for events, and while the message is being handled. */
  readonly reply?: ReplyOutcome;
}

/** Which records to read. */
export interface LogRange {
  /** First position wanted, from 0. */
  readonly from?: number | undefined;
  readonly limit?: number | undefined;
  /**
   * What the reader wants of the records, which a store may answer with fewer or other ones. `events`: those shown from `from` on, all and
   * in order. `state`: that folding the answer leaves what folding the records leaves; it shows the same events.
   */
  readonly view?: "events" | "state" | undefined;
}

/** Proves ownership: the epoch of the claim and the position the writer believes the log to have. */
export interface Fence {
  readonly epoch: number;
  readonly position: number;
}

/** How a run stands, for listings. `waiting`: only answers can move it. */
export type RunStatus = "running" | "waiting" | "paused" | "ended";

/** What an append says about a run whose standing it changes. */
export interface RunNote {
  readonly runId: string;
  readonly status: RunStatus;
  /** The label its last event gave it, when it has ended: `finished`, `failed`, or whatever the emitter chose. */
  readonly end?: string;
  /** Number of its last durable event. */
  readonly sequence: number;
  /** Open questions. */
  readonly questions: number;
}

/** What is written in the same commit as the records of an append. */
export interface AppendNotes {
  /** True while anything in the cell is unfinished: mail, turns, waits, messages on their way to other cells. */
  readonly isBusy?: boolean | undefined;
  readonly runs?: readonly RunNote[] | undefined;
  /** Inbox entries up to this id are in the records now and go. */
  readonly collected?: number | undefined;
}

/** Something that came from another process, or from another cell while this one was nobody's. */
export type InboxEntry =
  /** `from`: the source cell of a numbered message (C10); absent for messages from outside. */
  | { readonly kind: "mail"; readonly mail: Mail; readonly from?: string }
  /** Asks the owner to do something; it answers with a `result` in the inbox of cell `replyTo`. */
  | { readonly kind: "call"; readonly id: string; readonly replyTo: string; readonly call: OwnerCall }
  | { readonly kind: "result"; readonly id: string; readonly outcome: ReplyOutcome };

/** What another process may ask of a cell's owner, besides sending mail. */
export type OwnerCall =
  | { readonly kind: "respond"; readonly waitId: string; readonly answer: JsonValue }
  | { readonly kind: "control"; readonly runId: string; readonly action: JsonValue }
  /** Asks for the committed state of an agent; answered with null when it never changed anything. */
  | { readonly kind: "snapshot"; readonly agent: AgentId };

/** An entry as collected; ids grow in order of arrival. */
export interface CollectedEntry {
  readonly id: number;
  readonly entry: InboxEntry;
}

/** A cell as a listing shows it. */
export interface CellRow {
  readonly cell: string;
  readonly isBusy: boolean;
  /** True when its inbox holds anything. */
  readonly hasMail: boolean;
  /** The worker that holds it; undefined when it was released or its owner is known to be dead. */
  readonly owner: string | undefined;
  /** Records in the log so far, the pruned ones included. */
  readonly position: number;
  /** Epoch milliseconds of the last write; up to a second old for a cell that is busy. */
  readonly updatedAt: number;
}

/** A run as a listing shows it. */
export interface RunRow extends RunNote {
  readonly cell: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly updatedAt: number;
}

/** What a sweep may drop. Without any of the bounds it only tidies up: message ids that have expired, free room, dead workers. */
export interface SweepOptions {
  /** Cells go whose runs have all ended, the last one longer ago than this. Milliseconds. */
  readonly olderThanMs?: number | undefined;
  /** The cells of so many runs stay, those that changed last. Alone, all other cells go whose runs have ended. */
  readonly keepLast?: number | undefined;
  /** While the data take more than this, cells go whose runs have ended, the oldest first. */
  readonly maxBytes?: number | undefined;
  /** For how long message ids are remembered, and marks of other cells kept longer still (C10). Milliseconds, default 24 hours. */
  readonly rememberMs?: number | undefined;
  /** True says what would go, and drops nothing. */
  readonly isDryRun?: boolean | undefined;
}

/** What a sweep has dropped, or would drop. */
export interface SweepReport {
  readonly cells: readonly string[];
  readonly runs: readonly RunRow[];
  readonly bytes: number;
}

/** Which runs to list: newest first. */
export interface RunFilter {
  readonly cell?: string | undefined;
  readonly runId?: string | undefined;
  readonly status?: readonly RunStatus[] | undefined;
  /** Default 1,000. */
  readonly limit?: number | undefined;
}

/**
 * Where cells keep their logs (C21). Methods return a value or a promise; the runtime awaits only promises.
 * The suite `storeContract` in `@troupe/core/testing` says exactly what an implementation must do.
 *
 * Owners are workers: one runtime in one process, named by `owner`. A worker lives while it heartbeats (every second; 15 s without
 * one is death) or until it releases everything; a store that can see a death earlier (process gone, session lock free) says so at
 * once. A store without leases (memory) lets the last claim win.
 *
 * @throws StoreError `store.fenced` (another owner claimed the cell), `store.owned` (a live owner holds it), `store.conflict`
 * (position does not match), `store.unavailable`, `store.corrupted`, `store.newer_schema`, `store.closed`.
 */
export interface Store {
  readonly kind: "store";
  /** False when everything ends with the process: then stand-alone agents write no records at all. */
  readonly isDurable: boolean;
  /** Makes `owner` the one writer of a cell. @throws StoreError `store.owned` while another live worker holds it. */
  claim(cell: string, owner: string): MaybePromise<CellClaim>;
  /** Adds records and notes in one atomic write and returns the log's new position. */
  append(cell: string, fence: Fence, records: readonly LogRecord[], notes?: AppendNotes): MaybePromise<number>;
  /** Needs no ownership; never shows half an append. @throws StoreError `store.corrupted`. */
  read(cell: string, range?: LogRange): MaybePromise<readonly LogRecord[]>;
  /** Replaces the cell's snapshot; with `dropsLog` the records before its position go in the same write. An empty one is removed. */
  snapshot(
    cell: string,
    fence: Fence,
    snapshot: CellSnapshot,
    options?: { readonly dropsLog?: boolean | undefined },
  ): MaybePromise<void>;
  /** Puts entries into the inbox, at least once, in order; needs no ownership and wakes the owner (`watch`). */
  deliver(cell: string, entries: readonly InboxEntry[]): MaybePromise<void>;
  /** What the inbox holds, oldest first. It stays there until an append says that it was collected. */
  collect(cell: string, fence: Fence): MaybePromise<readonly CollectedEntry[]>;
  /** Drops records before a position; without one, everything the cell has. */
  prune(cell: string, before?: number): MaybePromise<void>;
  /** The cells that hold anything. */
  cells(filter?: { readonly cell?: string | undefined }): MaybePromise<readonly CellRow[]>;
  runs(filter?: RunFilter): MaybePromise<readonly RunRow[]>;
  /** Drops what nobody needs any more; absent in stores that end with the process. */
  sweep?(options?: SweepOptions): MaybePromise<SweepReport>;
  /** Keeps the worker alive. Names those of its cells that have mail. @throws StoreError `store.fenced` when it was declared dead. */
  heartbeat(owner: string): MaybePromise<readonly string[]>;
  /** Gives a cell back, so that the next claim need not wait; without a cell, all of them: the worker ends. What holds nothing goes. */
  release(owner: string, cell?: string): MaybePromise<void>;
  /** Calls back when other processes may have written something; returns how to stop. The listener must not throw. */
  watch(listener: () => void): () => void;
  close(): MaybePromise<void>;
}
