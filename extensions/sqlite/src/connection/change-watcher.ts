/**
 * Notices what other connections commit.
 *
 * Owns: the listeners, and one timer while there are any.
 * Does not own: the connection.
 * Invariants:
 * V1. Without a listener there is no timer; the timer never keeps the process alive.
 * V2. A commit of another connection after `add` calls the listener, within one polling interval.
 */
import type { Clock, TimerHandle } from "@troupe/core";

/** What the watcher looks at. */
export interface ChangeWatcherOptions {
  readonly clock: Clock;
  readonly pollMs: number;
  /** SQLite's `data_version`; undefined when it cannot be read now. */
  readonly readVersion: () => number | undefined;
}

/** See the head of this file. */
export class ChangeWatcher {
  readonly #options: ChangeWatcherOptions;
  readonly #listeners = new Set<() => void>();
  #timer: TimerHandle | undefined;
  #seen: number | undefined;

  constructor(options: ChangeWatcherOptions) {
    this.#options = options;
  }

  add(listener: () => void): () => void {
    // A function of its own, so that one listener added twice is called twice and removed one by one.
    const entry = (): void => listener();
    if (this.#listeners.size === 0) this.#seen = this.#options.readVersion();
    this.#listeners.add(entry);
    this.#timer ??= this.#schedule();
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  /** Calls everybody: something was written that they want to know of. */
  notify(): void {
    for (const listener of this.#listeners) listener();
  }

  close(): void {
    this.#listeners.clear();
    this.#stop();
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): TimerHandle {
    return this.#options.clock.setTimer(this.#options.pollMs, () => {
      this.#timer = this.#schedule();
      this.#look();
    });
  }

  #look(): void {
    const version = this.#options.readVersion();
    if (version === undefined || version === this.#seen) return;
    this.#seen = version;
    this.notify();
  }
}
