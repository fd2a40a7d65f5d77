/**
 * The unit of ownership, order, commit and recovery (C3).
 *
 * Owns: the fence, the order of writes, the images of agents that are not active, the runs.
 * Does not own: mailboxes and turns (Activation, Turn).
 * Invariants:
 * K1. Writes reach the store in the order asked for, one at a time; what is asked for while one is under way goes with the next.
 * K2. Nothing is applied before its write has succeeded.
 * K3. A cell without a log and without changed state leaves nothing in the store.
 * K4. After a failed write a cell writes nothing more: nobody knows what its log says. Whoever needs it opens it anew.
 */
import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import type { AgentImage, CellEvent, CellSnapshot, LogRecord, Store } from "../../store/index.ts";
import { foldLog } from "./fold-log.ts";
import { RunLog } from "./run-log.ts";
import type { CellFold } from "./fold-log.ts";

interface Batch {
  readonly records: LogRecord[];
  readonly written: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What a cell needs to exist. */
export interface CellOptions {
  readonly name: string;
  readonly owner: string;
  readonly store: Store;
  /** Cells named by a definition keep a log; agents that are cells of their own keep their state only (C27). */
  readonly isLogged: boolean;
  /** Told once, when a write has failed. */
  readonly onLost?: ((error: unknown) => void) | undefined;
  /** Told of each event of its runs when it is stored. */
  readonly onEvent?: ((event: CellEvent) => void) | undefined;
}

export class Cell {
  readonly name: string;
  readonly isLogged: boolean;
  readonly #store: Store;
  readonly #owner: string;
  readonly #onLost: ((error: unknown) => void) | undefined;
  readonly #onEvent: ((event: CellEvent) => void) | undefined;
  /** Why nothing is written any more: the failed write, or that the cell was forgotten. */
  #end: { readonly error: unknown } | undefined;
  #writing: Promise<void> | undefined;
  #epoch = 0;
  #position = 0;
  #batch: Batch | undefined;
  #hasSnapshot = false;
  #images: Map<string, AgentImage> | undefined;
  #runs: Map<string, RunLog> | undefined;
  #residents = 0;
  #members: Set<string> | undefined;

  constructor(options: CellOptions) {
    this.name = options.name;
    this.isLogged = options.isLogged;
    this.#store = options.store;
    this.#owner = options.owner;
    this.#onLost = options.onLost;
    this.#onEvent = options.onEvent;
  }

  /** True when none of its agents is active. */
  get isEmpty(): boolean {
    return this.#residents === 0;
  }

  /** The active agents of a cell with a log, by formatted id. */
  get members(): Iterable<string> {
    return this.#members ?? [];
  }

  join(agent: string): void {
    this.#residents += 1;
    if (!this.isLogged) return;
    this.#members ??= new Set();
    this.#members.add(agent);
  }

  leave(agent: string): void {
    this.#residents -= 1;
    this.#members?.delete(agent);
  }

  /** Takes ownership; what the log still wants done is returned. */
  open(): MaybePromise<CellFold | undefined> {
    const claim = this.#store.claim(this.name, this.#owner);
    return isPromiseLike(claim) ? claim.then((value) => this.#take(value)) : this.#take(claim);
  }

  #take(claim: {
    readonly epoch: number;
    readonly position: number;
    readonly snapshot: CellSnapshot | undefined;
  }): MaybePromise<CellFold | undefined> {
    this.#epoch = claim.epoch;
    this.#position = claim.position;
    if (claim.snapshot !== undefined) {
      this.#hasSnapshot = true;
      this.#images = new Map(Object.entries(claim.snapshot.agents));
    }
    if (claim.position === 0) return undefined;
    const records = this.#store.read(this.name, { from: claim.snapshot?.position ?? 0 });
    return isPromiseLike(records) ? records.then((value) => this.#fold(value)) : this.#fold(records);
  }

  #fold(records: readonly LogRecord[]): CellFold {
    const fold = foldLog(records, this.#images ?? new Map());
    this.#images = fold.agents;
    for (const run of fold.runs.values()) {
      const log = this.run(run.runId);
      for (const event of run.events) log.load(event);
      if (run.isPaused) log.pause();
      log.stop = run.stop;
    }
    return fold;
  }

  /**
   * Writes records in one atomic append, or with the next one when a write is under way.
   *
   * @throws What the store threw, now or at an earlier write (K4).
   */
  append(records: readonly LogRecord[]): MaybePromise<void> {
    if (this.#end !== undefined) throw this.#end.error;
    if (this.#writing !== undefined) return this.#join(records);
    try {
      const result = this.#store.append(this.name, { epoch: this.#epoch, position: this.#position }, records);
      if (!isPromiseLike(result)) {
        this.#position = result;
        return undefined;
      }
      this.#writing = this.#finish(result);
      return this.#writing;
    } catch (error) {
      this.#lose(error);
      throw error;
    }
  }

  #join(records: readonly LogRecord[]): Promise<void> {
    if (this.#batch === undefined) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#batch = { records: [], written: promise, resolve, reject };
    }
    this.#batch.records.push(...records);
    return this.#batch.written;
  }

  async #finish(result: PromiseLike<number>): Promise<void> {
    try {
      this.#position = await result;
    } catch (error) {
      this.#writing = undefined;
      this.#lose(error);
      throw error;
    }
    this.#writing = undefined;
    this.#writeBatch();
  }

  #writeBatch(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    if (batch === undefined) return;
    try {
      const written = this.append(batch.records);
      // One hop later in both cases: those who wait for the write before are told first.
      Promise.resolve(written).then(batch.resolve, batch.reject);
    } catch (error) {
      batch.reject(error);
    }
  }

  #lose(error: unknown): void {
    if (this.#end !== undefined) return;
    this.#stop(error);
    this.#onLost?.(error);
  }

  /** Refuses all further writes, those that wait included. */
  #stop(error: unknown): void {
    this.#end = { error };
    this.#batch?.reject(error);
    this.#batch = undefined;
  }

  read(from?: number): MaybePromise<readonly LogRecord[]> {
    return this.#store.read(this.name, { from });
  }

  run(runId: string): RunLog {
    this.#runs ??= new Map();
    let run = this.#runs.get(runId);
    if (run === undefined) {
      run = new RunLog(runId, this.#onEvent);
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

  /** Writes the images down when the last agent has left. */
  rest(): MaybePromise<void> {
    if (this.isLogged) return undefined;
    const isEmpty = this.#images === undefined || this.#images.size === 0;
    if (isEmpty && !this.#hasSnapshot) return undefined;
    const agents = Object.fromEntries(this.#images ?? []);
    this.#hasSnapshot = !isEmpty;
    return this.#store.snapshot(
      this.name,
      { epoch: this.#epoch, position: this.#position },
      { position: this.#position, agents },
    );
  }

  /** Ends everybody who watches and drops what the store holds; `error` is what late writers get. */
  forget(error: Error): MaybePromise<void> {
    this.#stop(error);
    this.endWatchers();
    this.#images = undefined;
    this.#runs = undefined;
    if (this.#writing === undefined) return this.#store.prune(this.name);
    const prune = (): MaybePromise<void> => this.#store.prune(this.name);
    return this.#writing.then(prune, prune);
  }

  endWatchers(): void {
    for (const run of this.runs()) run.endWatchers();
  }
}
