/**
 * The unit of ownership, order, commit and recovery (C3).
 *
 * Owns: the images of agents that are not active, the runs, what is left to do. Writes through its CellWriter.
 * Does not own: mailboxes and turns (Activation, Turn).
 * Invariants:
 * K2. Nothing is applied before its write has succeeded.
 * K3. A cell without a log and without changed state leaves nothing in the store.
 * K6. The log of a cell that does not keep one stays short: what is finished becomes a snapshot (C27).
 */
import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import { StoreError } from "../../errors/index.ts";
import type {
  AgentImage,
  CellClaim,
  CellEvent,
  CellSnapshot,
  CollectedEntry,
  LogRecord,
  Store,
} from "../../store/index.ts";
import { CellWork, noteRecords } from "./cell-work.ts";
import { CellWriter } from "./cell-writer.ts";
import { foldLog } from "./fold-log.ts";
import { isFenced } from "./owner-lost.ts";
import { RunLog, type WatchBreak } from "../run/run-log.ts";
import type { CellFold } from "./fold-log.ts";

/** What a cell needs to exist. */
export interface CellOptions {
  readonly name: string;
  readonly owner: string;
  readonly store: Store;
  /** Cells named by a definition keep a log; agents that are cells of their own keep their state only (C27). */
  readonly keepsLog: boolean;
  /** Told once, when a write has failed or the cell has turned out to be another's. */
  readonly onLost?: ((error: unknown) => void) | undefined;
  /** Told of each event of its runs when it is stored. */
  readonly onEvent?: ((event: CellEvent) => void) | undefined;
  /** Epoch milliseconds, and for how many a message id is remembered. */
  readonly now?: (() => number) | undefined;
  readonly rememberMs?: number | undefined;
  /** The committed state of an active agent, for a snapshot. */
  readonly imageOf?: ((agent: string) => AgentImage | undefined) | undefined;
}

/** A cell as its owner finds it. */
export interface OpenedCell {
  /** What the log still wants done; undefined for a cell without one. */
  readonly fold: CellFold | undefined;
  readonly inbox: readonly CollectedEntry[];
}

/** Records of a cell that keeps no log after which it is made short (K6). */
const compactAfter = 1_024;
/** Records that a cell which leaves memory may leave in its log. */
const leaveAtMost = 64;
/** Open mails that are written again behind a snapshot. */
const maxCopied = 1_024;

export class Cell {
  readonly name: string;
  readonly keepsLog: boolean;
  /** What is left to do, where the store outlives the process. */
  readonly work: CellWork | undefined;
  readonly #options: CellOptions;
  readonly #writer: CellWriter;
  /** True when nobody has written to the cell before. */
  isNew = false;
  #hasSnapshot = false;
  /** Log position up to which the snapshot speaks. */
  #snapshotAt = 0;
  #images: Map<string, AgentImage> | undefined;
  #runs: Map<string, RunLog> | undefined;
  #residents = 0;
  #members: Set<string> | undefined;
  #compacting: Promise<void> | undefined;
  /** Turns whose record is on its way. */
  #commits = 0;
  #isLeaving = false;

  constructor(options: CellOptions) {
    this.name = options.name;
    this.keepsLog = options.keepsLog;
    this.#options = options;
    const work = options.store.isDurable ? new CellWork() : undefined;
    this.work = work;
    this.#writer = new CellWriter({
      cell: options.name,
      store: options.store,
      note: work === undefined ? undefined : (records) => noteRecords(work, records),
      lost: (error) => options.onLost?.(error),
    });
  }

  /** True when its agents write records: cells with a log, and all others where the store outlives the process. */
  get isLogged(): boolean {
    return this.keepsLog || this.work !== undefined;
  }

  /** True when none of its agents is active. */
  get isEmpty(): boolean {
    return this.#residents === 0;
  }

  /** True while somebody reads the events of one of its runs. */
  get isWatched(): boolean {
    for (const run of this.runs()) if (run.watcherCount > 0) return true;
    return false;
  }

  /** The active agents, by formatted id. */
  get members(): Iterable<string> {
    return this.#members ?? [];
  }

  join(agent: string): void {
    // One whose last write has failed stays after all.
    this.#isLeaving = false;
    this.#residents += 1;
    if (!this.keepsLog) return;
    this.#members ??= new Set();
    this.#members.add(agent);
  }

  leave(agent: string): void {
    this.#residents -= 1;
    this.#members?.delete(agent);
  }

  // --- opening -----------------------------------------------------------------------------------

  /** Takes ownership; what the log and the inbox still want done is returned. @throws StoreError `store.owned`. */
  open(): MaybePromise<OpenedCell> {
    const { store, name, owner } = this.#options;
    try {
      const claim = store.claim(name, owner);
      if (!isPromiseLike(claim)) return this.#take(claim);
      return claim.then((value) => this.#take(value)).then(undefined, (error: unknown) => takenAway(name, error));
    } catch (error) {
      return takenAway(name, error);
    }
  }

  #take(claim: CellClaim): MaybePromise<OpenedCell> {
    this.#writer.start(claim);
    this.work?.begin(claim.epoch);
    this.isNew = claim.position === 0 && claim.snapshot === undefined;
    const { snapshot } = claim;
    if (snapshot !== undefined) this.#load(snapshot);
    if (claim.position === 0) return this.#collect(undefined);
    const records = this.#options.store.read(this.name, { from: snapshot?.position ?? 0, view: "state" });
    return isPromiseLike(records)
      ? records.then((value) => this.#collect(this.#fold(value, claim)))
      : this.#collect(this.#fold(records, claim));
  }

  #load(snapshot: CellSnapshot): void {
    this.#hasSnapshot = true;
    this.#snapshotAt = snapshot.position;
    this.#images = new Map(Object.entries(snapshot.agents));
    this.work?.load(snapshot);
  }

  #collect(fold: CellFold | undefined): MaybePromise<OpenedCell> {
    if (this.work === undefined) return { fold, inbox: [] };
    const inbox = this.#writer.collectFirst();
    return isPromiseLike(inbox) ? inbox.then((entries) => ({ fold, inbox: entries })) : { fold, inbox };
  }

  #fold(records: readonly LogRecord[], claim: CellClaim): CellFold {
    const fold = foldLog(records, this.#images ?? new Map());
    this.#images = fold.agents;
    if (this.work !== undefined) for (const record of records) this.work.take(record);
    for (const run of fold.runs.values()) {
      const log = this.run(run.runId);
      log.isArchived = run.end !== undefined && this.work !== undefined;
      for (const event of run.events) log.load(event);
      if (run.isPaused) log.pause();
      log.stop = run.stop;
    }
    if (this.work?.isBusy === true && !claim.isClean) fold.isUnclean = true;
    return fold;
  }

  // --- writing -----------------------------------------------------------------------------------

  /**
   * Writes records in one atomic append, or with the next one when a write is under way; `collected` takes entries up to this id
   * out of the inbox in the same write.
   *
   * @throws What the store threw, now or at an earlier write.
   */
  append(records: readonly LogRecord[], collected?: number): MaybePromise<void> {
    return this.#writer.append(records, collected);
  }

  /** Writes records with whatever is written next (C25). */
  appendLazily(records: readonly LogRecord[]): MaybePromise<void> {
    return this.#writer.appendLazily(records);
  }

  /** Resolves when everything asked for so far is written. */
  flush(): MaybePromise<void> {
    return this.#writer.flush();
  }

  /** What the inbox holds now. */
  collect(): MaybePromise<readonly CollectedEntry[]> {
    return this.#writer.collect();
  }

  read(from?: number): MaybePromise<readonly LogRecord[]> {
    return this.#options.store.read(this.name, { from });
  }

  // --- runs and images ---------------------------------------------------------------------------

  run(runId: string): RunLog {
    this.#runs ??= new Map();
    let run = this.#runs.get(runId);
    if (run === undefined) {
      run = new RunLog(runId, { onStored: this.#options.onEvent, isStored: this.work !== undefined });
      this.#runs.set(runId, run);
    }
    return run;
  }

  findRun(runId: string): RunLog | undefined {
    return this.#runs?.get(runId);
  }

  runs(): Iterable<RunLog> {
    return this.#runs?.values() ?? [];
  }

  /** What the agents left behind that are not active. */
  get images(): Iterable<readonly [string, AgentImage]> {
    return this.#images ?? [];
  }

  image(agent: string): AgentImage | undefined {
    return this.#images?.get(agent);
  }

  /** Keeps what an agent leaves behind; undefined when it equals its initial state. */
  keep(agent: string, image: AgentImage | undefined): void {
    if (image !== undefined) {
      this.#images ??= new Map();
      this.#images.set(agent, image);
    } else this.#images?.delete(agent);
  }

  // --- rest --------------------------------------------------------------------------------------

  /** Writes down what is needed to go on when the last agent has left. */
  rest(): MaybePromise<void> {
    if (this.work === undefined) return this.keepsLog ? undefined : this.#writeImages();
    // What is being committed now is in the log and in no image.
    const isCommitting = this.#commits > 0;
    this.#isLeaving = true;
    const flushed = this.#writer.flush();
    const leave = (): MaybePromise<void> => (isCommitting ? undefined : this.#leave(this.work));
    return isPromiseLike(flushed) ? flushed.then(leave) : leave();
  }

  #writeImages(): MaybePromise<void> {
    const isNothing = this.#images === undefined || this.#images.size === 0;
    if (isNothing && !this.#hasSnapshot) return undefined;
    const agents = Object.fromEntries(this.#images ?? []);
    this.#hasSnapshot = !isNothing;
    return this.#writer.snapshot({ position: this.#writer.position, agents });
  }

  #leave(work: CellWork | undefined): MaybePromise<void> {
    if (this.keepsLog || work === undefined || work.isBusy) return undefined;
    const snapshot = this.#toSnapshot(work, this.#images);
    const isNothing = Object.keys(snapshot.agents).length === 0 && snapshot.marks === undefined;
    const isEmpty = isNothing && snapshot.remembered === undefined && snapshot.sent === undefined;
    // Not pruned whole: another process may just be putting mail into the inbox. What holds nothing goes with its release.
    if (!isEmpty && this.#writer.position - this.#snapshotAt <= leaveAtMost) return undefined;
    return this.#writer.snapshot(snapshot, { dropsLog: true });
  }

  #toSnapshot(work: CellWork, images: ReadonlyMap<string, AgentImage> | undefined): CellSnapshot {
    const { now, rememberMs } = this.#options;
    const rest = work.toSnapshot(now?.() ?? 0, rememberMs ?? 0);
    return { position: this.#writer.position, agents: Object.fromEntries(images ?? []), ...rest };
  }

  /** A turn's record is about to be written. */
  beginCommit(): void {
    this.#commits += 1;
  }

  /** What a turn's record says is true in memory too. */
  endCommit(): void {
    this.#commits -= 1;
    if (this.#commits === 0) this.#compact();
  }

  /**
   * While no commit is under way memory and log say the same: the finished part of the log becomes a snapshot, and mails that wait
   * are written again behind it (K6).
   */
  #compact(): void {
    const { work } = this;
    if (work === undefined || this.keepsLog || this.#isLeaving || this.#compacting !== undefined) return;
    if (this.#writer.position - this.#snapshotAt < compactAfter) return;
    const waiting = work.unbegun();
    if (waiting === undefined || waiting.length > maxCopied) return;
    const image = this.#options.imageOf?.(this.name) ?? this.#images?.get(this.name);
    const snapshot = this.#toSnapshot(work, image === undefined ? undefined : new Map([[this.name, image]]));
    const at = this.#options.now?.() ?? 0;
    const copies = waiting.map((mail): LogRecord => ({ kind: "received", at, mail }));
    this.#compacting = this.#writeCompact(copies, snapshot).finally(() => {
      this.#compacting = undefined;
    });
  }

  async #writeCompact(copies: readonly LogRecord[], snapshot: CellSnapshot): Promise<void> {
    try {
      await this.#writer.prepend(copies);
      await this.#writer.snapshot(snapshot, { dropsLog: true });
      this.#snapshotAt = snapshot.position;
      this.#hasSnapshot = true;
    } catch {
      // A write that fails loses the cell and is reported there; a snapshot that fails is tried again later, the log says it all.
    }
  }

  /** Replaces the log by what it amounts to; call it when nothing is under way. */
  dropHistory(images: ReadonlyMap<string, AgentImage>): MaybePromise<void> {
    const work = this.work ?? new CellWork();
    for (const run of this.runs()) run.archive();
    return this.#writer.snapshot(this.#toSnapshot(work, images), { dropsLog: true });
  }

  // --- end ---------------------------------------------------------------------------------------

  /** True when nothing is written any more: a write has failed, or another owner goes on with the cell. */
  get isStopped(): boolean {
    return this.#writer.isStopped;
  }

  /** Refuses everything from now on: another owner goes on with the cell. */
  stop(error: unknown): void {
    this.#writer.stop(error);
  }

  /** Ends everybody who watches and drops what the store holds; `error` is what late writers get. */
  forget(error: Error): MaybePromise<void> {
    this.#writer.stop(error);
    this.endWatchers();
    this.#images = undefined;
    this.#runs = undefined;
    const prune = (): MaybePromise<void> => this.#options.store.prune(this.name);
    const { writing } = this.#writer;
    return writing === undefined ? prune() : writing.then(prune, prune);
  }

  endWatchers(broken?: WatchBreak): void {
    for (const run of this.runs()) run.endWatchers(broken);
  }
}

/** Another process has claimed the cell while this one was opening it: it is that one's. */
function takenAway(cell: string, error: unknown): never {
  if (!isFenced(error)) throw error;
  throw new StoreError("store.owned", `Cell "${cell}" was taken by another process while it was being opened`, {
    remedy: "Talk to its owner through its inbox, or try again later.",
    cause: error,
  });
}
