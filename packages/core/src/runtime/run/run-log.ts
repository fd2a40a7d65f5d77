/**
 * One run of a cell: its numbered events, who watches them, and how it is controlled.
 *
 * Owns: the run's events, its pause and stop flags, its count of runnable work.
 * Invariants:
 * E1. Events are numbered from 1 without gaps, in the order of their commits (C20).
 * E2. A watcher sees every durable event once and in order; live events may be dropped for a slow one, never reordered.
 * E3. A stopped run starts no turn and no step; a paused one neither, until it is resumed (C18).
 * E4. Mail that waits in a mailbox is a reason to be busy, unless the run is paused: then it rests (C19).
 */
import { createDeferred, type Deferred } from "../../async/index.ts";
import type { ControlReason } from "../../agent/index.ts";
import type { CellEvent, LiveEvent } from "../../store/index.ts";
import { Activity } from "../delivery/activity.ts";

/**
 * Why a run is not to be watched here any more although it is not over. `taken`: another process goes on with it. `stuck`: a write of its cell
 * has failed, or one of its turns does not fit the code that is registered.
 */
export interface WatchBreak {
  readonly kind: "taken" | "stuck";
  readonly error: Error;
}

/** Hears of news of a run. */
export interface Watcher {
  /** New durable events are there. */
  wake(): void;
  live(event: LiveEvent): void;
  /** Nothing comes any more; `broken` says why when the run goes on all the same. */
  end(broken?: WatchBreak): void;
}

/** What a run's events are kept with. */
export interface RunLogOptions {
  /** Hears of each event when it has been committed. */
  readonly onStored?: ((event: CellEvent) => void) | undefined;
  /** True when a store keeps the events beyond the process: then they leave memory when the run has ended. */
  readonly isStored?: boolean | undefined;
}

export class RunLog {
  readonly runId: string;
  readonly events: CellEvent[] = [];
  readonly activity: Activity = new Activity();
  readonly #watchers = new Set<Watcher>();
  /** Messages in mailboxes. */
  #queued = 0;
  /** Numbers given out to commits that are on their way. */
  #next = 1;
  /** Number of the last event that was shown. */
  #shown = 0;
  #early: Map<number, CellEvent> | undefined;
  #resumed: Deferred<void> | undefined;
  stop: ControlReason | undefined;
  /** True when turns that do not fit the code are restarted (C26). */
  restartsMisfits = false;
  /** How the run ended, once its last event is stored. */
  end: string | undefined;
  readonly #options: RunLogOptions;

  constructor(runId: string, options: RunLogOptions = {}) {
    this.runId = runId;
    this.#options = options;
  }

  /** True when the run has ended and its events were dropped: the store has them. */
  isArchived = false;

  get isPaused(): boolean {
    return this.#resumed !== undefined;
  }

  /** Number of the last durable event; 0 before the first. */
  get sequence(): number {
    return this.#shown;
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  number(event: Omit<CellEvent, "sequence" | "live" | "runId">): CellEvent {
    const sequence = this.#next;
    this.#next += 1;
    return Object.freeze({ runId: this.runId, sequence, ...event });
  }

  /** Takes back the last numbers: their record was refused before it was written. */
  takeBack(count: number): void {
    this.#next -= count;
  }

  /** Shows a committed event; one whose commit is heard of before that of an earlier one waits for it (E1). */
  show(event: CellEvent): void {
    if (event.sequence > this.#shown + 1) {
      this.#early ??= new Map();
      this.#early.set(event.sequence, event);
      return;
    }
    this.load(event);
    this.#options.onStored?.(event);
    for (const watcher of this.#watchers) watcher.wake();
    this.#archive();
    const next = this.#early?.get(this.#shown + 1);
    if (next === undefined) return;
    this.#early?.delete(next.sequence);
    this.show(next);
  }

  /** Takes an event that a log holds already. */
  load(event: CellEvent): void {
    if (!this.isArchived) this.events.push(event);
    this.#shown = event.sequence;
    this.#next = Math.max(this.#next, event.sequence + 1);
    this.end ??= event.end;
  }

  /** Nobody needs the events of an ended run in memory when a store has them. */
  #archive(): void {
    if (this.#options.isStored === true && this.end !== undefined && this.#watchers.size === 0) this.archive();
  }

  /** Drops the events: the store has them, or they were pruned. */
  archive(): void {
    this.events.length = 0;
    this.isArchived = true;
  }

  showLive(event: Omit<LiveEvent, "after" | "live" | "runId">): void {
    if (this.#watchers.size === 0) return;
    const live: LiveEvent = { live: true, runId: this.runId, after: this.#shown, ...event };
    for (const watcher of this.#watchers) watcher.live(live);
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      this.#archive();
    };
  }

  endWatchers(broken?: WatchBreak): void {
    for (const watcher of this.#watchers) watcher.end(broken);
    this.#watchers.clear();
  }

  /** A message has come into a mailbox. */
  enqueued(): void {
    this.#queued += 1;
    if (!this.isPaused) this.activity.begin();
  }

  /** A message has left a mailbox, and nothing comes of it. */
  dropped(): void {
    this.#queued -= 1;
    if (!this.isPaused) this.activity.end();
  }

  /** A message has left a mailbox; its turn is busy from here on. */
  begun(): void {
    this.#queued -= 1;
    if (this.isPaused) this.activity.begin();
  }

  pause(): void {
    if (this.isPaused) return;
    this.#resumed = createDeferred<void>();
    for (let mail = 0; mail < this.#queued; mail++) this.activity.end();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.#resumed?.resolve();
    this.#resumed = undefined;
    for (let mail = 0; mail < this.#queued; mail++) this.activity.begin();
  }

  /** Resolves when the run is not paused. */
  whenResumed(): Promise<void> {
    return this.#resumed?.promise ?? Promise.resolve();
  }
}
