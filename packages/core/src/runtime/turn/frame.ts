/**
 * One attempt of a turn: what its handler has queued and what it waits for.
 *
 * Owns: the queued messages, events and list changes; the attempt's abort signal.
 * Invariants:
 * F1. After `end()` nothing the handler still does has any effect: every call throws `state.attempt_over` (C9).
 * F2. What was queued leaves with a commit point or the turn's commit, in the order queued, or not at all (C5).
 * F3. A frame rests only while no call is at work: what a call has begun to write it also lets out.
 * F4. Interventions that answer late keep the order of what the frame sends (C10).
 */
import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import type { ControlReason } from "../../agent/index.ts";
import { type JsonValue, StateError } from "../../errors/index.ts";
import type { WaitRecord } from "../../store/index.ts";
import type { Posting } from "../delivery/post-office.ts";
import type { ListDraft } from "./list-draft.ts";
import type { Replayer } from "../journal/replayer.ts";
import type { Scope } from "./scope.ts";

/** An event that waits for its commit. */
export interface QueuedEvent {
  readonly path: readonly string[];
  readonly kind: string;
  readonly payload: JsonValue;
  readonly end?: string;
}

/** A message that waits for its commit; `deadlineMs` is set for requests between turns. */
export interface QueuedMessage {
  readonly posting: Posting;
  readonly deadlineMs: number | undefined;
}

/** An opened wait that waits for its commit. */
export interface QueuedWait {
  readonly key: string;
  readonly record: WaitRecord;
  readonly opened: () => void;
}

/** A step at work. */
export interface RunningStep {
  /** `error`: what its signal says, when it is not a control action. */
  abort(reason: ControlReason, error?: Error): void;
  readonly settled: Promise<unknown>;
}

export class Frame {
  readonly turnId: () => string;
  isOver = false;
  isForgotten = false;
  isStateTouched = false;
  /** Steps that run now, by key. */
  #running: Map<string, RunningStep> | undefined;
  /** Keys of steps that this attempt has asked for. */
  #keys: Set<string> | undefined;
  isStarted = false;
  /** When the last outcome was recorded that the handler has seen: the same on replay (C6). */
  now = 0;
  /** Calls on the context that are at work: they run a step, or write. */
  busy = 0;
  /** Calls on the context that wait for the outside: replies, answers, timers. */
  waiting = 0;
  /** Those among them that wait for a paused run: nothing is recorded when they end, so the frame must stay. */
  held = 0;
  replayer: Replayer | undefined;
  messages: QueuedMessage[] = [];
  events: QueuedEvent[] = [];
  waits: QueuedWait[] = [];
  lists: Map<string, ListDraft> | undefined;
  /** Scopes with output that no record has let out yet: a turn of many branches must not look at all of them each time. */
  readonly touched: Set<Scope> = new Set();
  #controller: AbortController | undefined;
  /** The handler has returned and the turn's record is about to be written: whatever still runs comes too late. */
  isCommitting = false;
  /** The last message whose interventions have not answered yet. */
  #preparing: Promise<void> | undefined;

  constructor(turnId: () => string) {
    this.turnId = turnId;
  }

  get running(): Map<string, RunningStep> {
    this.#running ??= new Map();
    return this.#running;
  }

  get keys(): Set<string> {
    this.#keys ??= new Set();
    return this.#keys;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.isOver) this.#controller.abort(attemptOver(this.turnId()));
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }

  /** `reason`: what running steps hear; default: that the attempt is over. */
  end(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.messages.length > 0) this.messages = [];
    if (this.events.length > 0) this.events = [];
    if (this.waits.length > 0) this.waits = [];
    this.#controller?.abort(reason ?? attemptOver(this.turnId()));
    if (this.#running !== undefined)
      for (const step of this.#running.values())
        step.abort({ kind: "interrupt", detail: "the attempt is over" }, reason);
  }

  /** A call starts to wait for the outside. */
  suspend(): void {
    this.busy -= 1;
    this.waiting += 1;
  }

  /** What the call waited for has come. */
  proceed(): void {
    this.waiting -= 1;
    this.busy += 1;
  }

  /** Runs `prepare` after the one before it has answered. */
  inOrder<T>(prepare: () => MaybePromise<T>): MaybePromise<T> {
    const before = this.#preparing;
    const prepared = before === undefined ? prepare() : before.then(prepare);
    if (!isPromiseLike(prepared)) return prepared;
    const done: Promise<void> = Promise.resolve(prepared)
      .then(nothing, nothing)
      .then(() => {
        if (this.#preparing === done) this.#preparing = undefined;
      });
    this.#preparing = done;
    return prepared;
  }

  /** @throws StateError `state.attempt_over`. */
  assertLive(): void {
    if (this.isOver || this.isCommitting) throw attemptOver(this.turnId());
  }

  /** Messages that each scope has queued so far. */
  messageCounts(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.touched, (scope) => [scope.name, scope.messages]));
  }
}

function nothing(): void {}

/** The error of a handler that goes on after its attempt has ended. */
export function attemptOver(turn: string): StateError {
  return new StateError("state.attempt_over", `The attempt of turn "${turn}" is over`, {
    remedy: "Stop when context.signal aborts; nothing that this attempt does has any effect now.",
    details: { turn },
  });
}
