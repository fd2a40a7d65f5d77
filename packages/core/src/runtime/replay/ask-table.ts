/**
 * What the handler of a replayed turn waits for.
 *
 * Owns: its asks without an answer, and answers without an ask. Does not own: the handler, and the order of the log (ReplayedTurn).
 * Invariants:
 * S1. An outcome is handed out when the handler has asked for it, one at a time, with a rest in between.
 * S2. Nobody waits for a handler that rests on other asks; one that has asked for nothing is still computing.
 */
import { createDeferred, type Deferred, raceSignal, yieldMacrotask } from "../../async/index.ts";
import type { SettledRecord } from "../journal/journal.ts";

/** Turns of the event loop without a new ask after which a handler counts as resting. */
const restTurns = 20;

export class AskTable {
  readonly #signal: AbortSignal | undefined;
  readonly #asks = new Map<string, Deferred<SettledRecord>>();
  /** Answers to questions that were open before their handler waited for them, and what a restarted handler finds by key. */
  readonly #early: Map<string, SettledRecord>;
  #changed: Deferred<void> = createDeferred<void>();
  #activity = 0;
  #hasEnded = false;

  /** `signal`: gives up on a handler that computes without end. `known`: outcomes that are there from the start. */
  constructor(signal: AbortSignal | undefined, known: Iterable<readonly [string, SettledRecord]> = []) {
    this.#signal = signal;
    this.#early = new Map(known);
  }

  /** The first key that has no answer. */
  get open(): string | undefined {
    const [first] = this.#asks.keys();
    return first;
  }

  ask(key: string): Promise<SettledRecord> {
    this.#note();
    const early = this.#early.get(key);
    this.#early.delete(key);
    if (early !== undefined) return Promise.resolve(early);
    const asked = createDeferred<SettledRecord>();
    this.#asks.set(key, asked);
    return asked.promise;
  }

  /** The handler has returned or thrown. */
  end(): void {
    this.#hasEnded = true;
    this.#note();
  }

  /** Resolves when the handler has asked for a key (true), or rests or has ended without (false). */
  asked(key: string): Promise<boolean> {
    return this.#until(() => this.#asks.has(key));
  }

  /** Hands out the outcome of a key that was asked for; the answer to an open question may come before. */
  async handOut(record: SettledRecord): Promise<void> {
    const asked = this.#asks.get(record.key);
    this.#asks.delete(record.key);
    if (asked === undefined) this.#early.set(record.key, record);
    else asked.resolve(record);
    this.#note();
    await yieldMacrotask();
  }

  /** Keeps an outcome for a handler that may ask for it. */
  put(record: SettledRecord): void {
    this.#early.set(record.key, record);
  }

  /** Resolves when the handler has ended (true), or rests (false). */
  ended(): Promise<boolean> {
    return this.#until(() => this.#hasEnded);
  }

  async #until(condition: () => boolean): Promise<boolean> {
    for (let quietTurns = 0; quietTurns <= restTurns; ) {
      if (condition()) return true;
      if (this.#hasEnded) return false;
      if (this.#asks.size === 0) {
        await raceSignal(this.#changed.promise, this.#signal);
        continue;
      }
      const before = this.#activity;
      await yieldMacrotask();
      quietTurns = this.#activity === before ? quietTurns + 1 : 0;
    }
    return condition();
  }

  #note(): void {
    this.#activity += 1;
    this.#changed.resolve();
    this.#changed = createDeferred<void>();
  }
}
