/**
 * Watches that something happens in a run, and that it ends in time.
 *
 * Owns: what is at work in this process, one timer. Does not own: the run's record; what it sees is shown live, and what it decides is a
 * cancel that says why.
 * Invariants:
 * S1. A silence of `afterMs` while something is at work is reported once, with the names of what is awaited; anything that happens begins
 *     a new one. Silence that a time limit of what is at work accounts for is none.
 * S2. What waits for an answer, or is paused, is not at work.
 * S3. A run that shall end is ended once: after a second silence as long as the first, or at its deadline, also one that passed while nothing
 *     was at work: then with the next work.
 * S4. A timer is set only while something is at work, and none is left after `close`.
 */
import type { Clock, TimerHandle } from "@troupe/core";
import type { LiveAgentEvent } from "../../message/agent-event.ts";
import type { StallLimit } from "./stall-limit.ts";

/** Something that takes time. */
export interface Work {
  /** The step: `model`, `tool:search`. */
  readonly what: string;
  /** Milliseconds that it may take by its own limit; 0 without one. */
  readonly owedMs: number;
  readonly turn: { readonly path: readonly string[]; report(event: LiveAgentEvent): void };
}

/** Why a watch ends a run. */
export type WatchEnd = { readonly by: "stall" | "deadline"; readonly text: string };

/** What a watch needs to know. */
export interface RunWatchOptions {
  readonly clock: Clock;
  readonly stall: StallLimit;
  /** Epoch milliseconds; undefined for a run that may last for ever. */
  readonly deadline: number | undefined;
  readonly onStall: (text: string) => void;
  readonly onEnd: (end: WatchEnd) => void;
}

interface OpenWork extends Work {
  readonly since: number;
}

export class RunWatch {
  readonly #options: RunWatchOptions;
  readonly #clock: Clock;
  readonly #open = new Set<OpenWork>();
  #lastAt = 0;
  #reportedAt: number | undefined;
  #timer: TimerHandle | undefined;
  #isOver = false;

  constructor(options: RunWatchOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** Something is at work until the returned function is called. */
  begin(work: Work): () => void {
    this.touch();
    const open = { ...work, since: this.#lastAt };
    this.#open.add(open);
    if (this.#timer === undefined) this.#arm();
    return () => {
      if (this.#open.delete(open)) this.touch();
    };
  }

  /** Something has happened. */
  touch(): void {
    this.#lastAt = this.#clock.monotonic();
    if (this.#reportedAt === undefined) return;
    this.#reportedAt = undefined;
    if (this.#timer === undefined) this.#arm();
  }

  /** The run is over, or works elsewhere. */
  close(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const delayMs = Math.min(this.#stallsIn(), this.#deadlineIn());
    if (this.#isOver || this.#open.size === 0 || delayMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimer(Math.max(1, delayMs), () => {
      this.#timer = undefined;
      if (this.#isOver || this.#open.size === 0) return;
      this.#look();
      this.#arm();
    });
  }

  #look(): void {
    if (this.#deadlineIn() <= 0) this.#end("deadline", "its time is over");
    else if (this.#stallsIn() > 0) return;
    else if (this.#reportedAt === undefined) this.#report();
    else this.#end("stall", this.#describe());
  }

  #deadlineIn(): number {
    const { deadline = Number.POSITIVE_INFINITY } = this.#options;
    return deadline - this.#clock.now();
  }

  /** Milliseconds until the next step is due: the report, or the end. */
  #stallsIn(): number {
    const { afterMs, ends } = this.#options.stall;
    const now = this.#clock.monotonic();
    if (this.#reportedAt !== undefined) return ends ? this.#reportedAt + afterMs - now : Number.POSITIVE_INFINITY;
    const owed = [...this.#open].map(({ since, owedMs }) => since + owedMs);
    // While a limit of its own runs, something will happen.
    return Math.max(this.#lastAt, ...owed) + afterMs - now;
  }

  #report(): void {
    this.#reportedAt = this.#clock.monotonic();
    this.#options.onStall(this.#describe());
    const [first] = this.#open;
    const awaited = [...this.#open].map(({ turn, what }) => ({ path: turn.path, what }));
    const silentMs = Math.round(this.#reportedAt - this.#lastAt);
    const reportedAt = this.#reportedAt;
    try {
      first?.turn.report({ kind: "stalled", silentMs, awaited });
    } catch {
      // The turn is over: nobody watches it.
    }
    // Saying so is nothing that happens.
    this.#reportedAt = reportedAt;
    this.#lastAt = reportedAt - silentMs;
  }

  #end(by: WatchEnd["by"], text: string): void {
    this.close();
    this.#options.onEnd({ by, text });
  }

  #describe(): string {
    const names = [...this.#open].map(({ turn, what }) => `"${turn.path.join("/")}" waits for ${what}`);
    const silentMs = Math.round(this.#clock.monotonic() - this.#lastAt);
    return `Nothing has happened for ${silentMs} ms: ${names.join(", ")}`;
  }
}
