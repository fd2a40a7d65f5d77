import type { CellEvent, LiveEvent } from "../../store/index.ts";
import type { EventRange } from "../agent-runtime.ts";
import type { RunLog, WatchBreak, Watcher } from "./run-log.ts";

/** Live events kept for a reader that is behind; beyond it the oldest are dropped. */
const maxLive = 4_096;

type AnyEvent = CellEvent | LiveEvent;

interface Waiting {
  readonly resolve: (result: IteratorResult<AnyEvent>) => void;
  readonly reject: (error: unknown) => void;
}

/** Where and how to read. */
export interface ReaderOptions {
  readonly from: number;
  readonly isLive: boolean;
  readonly merge?: EventRange["merge"];
  readonly signal: AbortSignal | undefined;
}

/**
 * A cursor on the events of one run.
 *
 * Invariants:
 * V1. Needs no buffer for durable events: they are read from the log.
 * V2. A live event is shown after the durable event it followed, and before the next one.
 * V3. `return()`, the signal, the last event of a run and the end of its cell each remove the watcher and the listener.
 * V4. A reading that breaks off while its run goes on shows what is there, and then throws: it never ends as if the run were over.
 */
export class EventReader implements AsyncIterableIterator<AnyEvent>, Watcher {
  readonly #log: RunLog;
  readonly #signal: AbortSignal | undefined;
  readonly #unwatch: () => void;
  #next: number;
  #live: LiveEvent[] = [];
  #liveHead = 0;
  readonly #wantsLive: boolean;
  readonly #merge: EventRange["merge"];
  #waiting: Waiting[] = [];
  #isEnded = false;
  #broken: WatchBreak | undefined;

  constructor(log: RunLog, options: ReaderOptions) {
    this.#log = log;
    this.#next = Math.max(1, options.from);
    this.#wantsLive = options.isLive;
    this.#merge = options.merge;
    this.#signal = options.signal;
    this.#unwatch = log.watch(this);
    if (options.signal?.aborted === true) this.end();
    else options.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  readonly #onAbort = (): void => this.end();

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<AnyEvent>> {
    const event = this.#take();
    if (event !== undefined) {
      this.#endAfter(event);
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#broken !== undefined) return Promise.reject(this.#broken.error);
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** True when it broke off because another process goes on with the run. */
  get isTaken(): boolean {
    return this.#broken?.kind === "taken";
  }

  /** Number of the next durable event. */
  get position(): number {
    return this.#next;
  }

  return(): Promise<IteratorResult<AnyEvent>> {
    this.#next = Number.POSITIVE_INFINITY;
    this.#live = [];
    this.end();
    this.#broken = undefined;
    return Promise.resolve({ done: true, value: undefined });
  }

  wake(): void {
    while (this.#waiting.length > 0) {
      const event = this.#take();
      if (event === undefined) return;
      this.#waiting.shift()?.resolve({ done: false, value: event });
      this.#endAfter(event);
    }
  }

  #endAfter(event: AnyEvent): void {
    if (!event.live && event.end !== undefined) this.end();
  }

  live(event: LiveEvent): void {
    if (!this.#wantsLive || this.#mergeInto(event)) return;
    this.#live.push(event);
    if (this.#live.length - this.#liveHead > maxLive) this.#dropOldest();
    this.wake();
  }

  #dropOldest(): void {
    this.#liveHead += 1;
    if (this.#liveHead <= maxLive) return;
    this.#live = this.#live.slice(this.#liveHead);
    this.#liveHead = 0;
  }

  /** True when a waiting event has taken this one in (V2 holds: both followed the same durable event). */
  #mergeInto(event: LiveEvent): boolean {
    const last = this.#live.at(-1);
    if (last === undefined || last.after !== event.after) return false;
    const merged = this.#merge?.(last, event);
    if (merged === undefined) return false;
    this.#live[this.#live.length - 1] = merged;
    return true;
  }

  end(broken?: WatchBreak): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#broken = broken;
    this.#unwatch();
    this.#signal?.removeEventListener("abort", this.#onAbort);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve, reject } of waiting) {
      if (broken === undefined) resolve({ done: true, value: undefined });
      else reject(broken.error);
    }
  }

  #take(): AnyEvent | undefined {
    const live = this.#live[this.#liveHead];
    const durable = this.#log.events[this.#next - 1];
    if (live !== undefined && (durable === undefined || live.after < this.#next)) {
      this.#liveHead += 1;
      if (this.#liveHead === this.#live.length) {
        this.#live = [];
        this.#liveHead = 0;
      }
      return live;
    }
    if (durable === undefined) return undefined;
    this.#next += 1;
    return durable;
  }
}
