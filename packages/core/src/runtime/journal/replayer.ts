/**
 * Hands recorded outcomes to a handler that runs again (C7).
 *
 * Owns: the outcomes not handed out yet and the asks not answered yet.
 * Invariants:
 * Y1. Outcomes are handed out in the order in which they were recorded, one at a time, with a rest in between.
 * Y2. An ask without a record is answered only when every record has been handed out: nothing new runs before.
 * Y4. The answer to a question may come before the handler waits for it: then it is handed out when it does.
 * Y3. A handler that rests on other asks than the next record fails with `state.nondeterministic_replay`; one that has asked for
 *     nothing is still computing, and its turn's limits watch over it.
 * Y5. A turn that was restarted gets outcomes by key, in the order in which it asks, and need not ask for all of them.
 */
import { createDeferred, type Deferred, yieldMacrotask } from "../../async/index.ts";
import { StateError } from "../../errors/index.ts";
import type { SettledRecord } from "./journal.ts";

/** Turns of the event loop without a new ask after which a replaying handler counts as resting. */
const restTurns = 20;

/** What a replay needs besides its records. */
export interface ReplayerOptions {
  readonly onMisfit: (error: StateError) => void;
  /** True for a turn that was restarted because its journal does not fit the code. */
  readonly isRestart: boolean;
}

export class Replayer {
  readonly #records: readonly SettledRecord[];
  readonly #keys: ReadonlySet<string>;
  readonly #asks = new Map<string, Deferred<SettledRecord | undefined>>();
  /** Answers that came before the handler waited for them. */
  readonly #early = new Map<string, SettledRecord>();
  readonly #fresh: { readonly key: string; readonly deferred: Deferred<SettledRecord | undefined> }[] = [];
  #next = 0;
  #activity = 0;
  #asked: Deferred<void> | undefined;
  readonly #onMisfit: (error: StateError) => void;
  /** Set for a turn that was restarted (Y5). */
  readonly #byKey: ReadonlyMap<string, SettledRecord> | undefined;

  constructor(records: readonly SettledRecord[], { onMisfit, isRestart }: ReplayerOptions) {
    this.#byKey = isRestart ? new Map(records.map((record) => [record.key, record])) : undefined;
    this.#records = isRestart ? [] : records;
    this.#keys = new Set(records.map((record) => record.key));
    this.#onMisfit = onMisfit;
  }

  /** True when every record was handed out and new work may start: asks are pointless from then on. */
  isOver = false;

  /** Starts handing out; call after the handler was started. */
  start(): void {
    if (this.#byKey === undefined) void this.#drive();
  }

  /** The recorded outcome of a key, or undefined when the handler may go on with something new. */
  ask(key: string): Promise<SettledRecord | undefined> {
    if (this.#byKey !== undefined) return Promise.resolve(this.#byKey.get(key));
    const deferred = createDeferred<SettledRecord | undefined>();
    this.#activity += 1;
    this.#asked?.resolve();
    const early = this.#early.get(key);
    if (early !== undefined) {
      this.#early.delete(key);
      return Promise.resolve(early);
    }
    if (this.#keys.has(key)) this.#asks.set(key, deferred);
    else this.#fresh.push({ key, deferred });
    return deferred.promise;
  }

  /** What a finished handler never asked for. */
  leftOver(): StateError | undefined {
    // A handler need not wait for the answer to what it has asked.
    const record = this.#records.slice(this.#next).find(({ kind }) => kind !== "wait-settled");
    return record === undefined ? undefined : misfit(record.key, undefined);
  }

  async #drive(): Promise<void> {
    let quietTurns = 0;
    while (this.#next < this.#records.length) {
      if (this.#asks.size + this.#fresh.length === 0) await this.#nextAsk();
      const before = this.#activity;
      await yieldMacrotask();
      if (this.#handOut()) quietTurns = 0;
      else quietTurns = this.#activity === before ? quietTurns + 1 : 0;
      if (quietTurns <= restTurns) continue;
      if (!this.#setAside()) return this.#fail();
      quietTurns = 0;
    }
    await yieldMacrotask();
    this.isOver = true;
    for (const { deferred } of this.#fresh) deferred.resolve(undefined);
    this.#fresh.length = 0;
  }

  /** An answer may be recorded while the handler still waits for something else: it gets it when it asks. */
  #setAside(): boolean {
    const record = this.#records[this.#next];
    if (record?.kind !== "wait-settled") return false;
    this.#early.set(record.key, record);
    this.#next += 1;
    return true;
  }

  async #nextAsk(): Promise<void> {
    this.#asked = createDeferred<void>();
    await this.#asked.promise;
    this.#asked = undefined;
  }

  #handOut(): boolean {
    const record = this.#records[this.#next];
    const ask = record === undefined ? undefined : this.#asks.get(record.key);
    if (record === undefined || ask === undefined) return false;
    this.#asks.delete(record.key);
    this.#next += 1;
    ask.resolve(record);
    return true;
  }

  #fail(): void {
    const record = this.#records[this.#next];
    if (record !== undefined) this.#onMisfit(misfit(record.key, this.#fresh[0]?.key));
  }
}

function misfit(recorded: string, asked: string | undefined): StateError {
  const instead = asked === undefined ? "ended without asking for it" : `asked for "${asked}" instead`;
  return new StateError(
    "state.nondeterministic_replay",
    `The journal holds an outcome of "${recorded}", but the handler ${instead}`,
    {
      remedy:
        "Run the code that recorded the journal, restart the turn, or put what differs (time, randomness, I/O) into steps.",
      details: { recorded, asked: asked ?? null },
    },
  );
}
