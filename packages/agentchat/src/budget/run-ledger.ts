/**
 * What one run has spent, and whether it may spend more.
 *
 * Owns: the sums, the open reservations and the wall-time watch of one run, with all its nested teams.
 * Does not own: the record. Everything here can be computed again from the run's events.
 * Invariants:
 * G1. A call is reserved before it is made; with the reservation the run stays within its budget, or the call is refused.
 * G2. A reservation is settled exactly once; what was really used takes its place.
 * G3. Time counts only while a call runs. When it is over, `onTimeOver` is called once.
 * G4. A closed ledger has no timer.
 */
import { type Clock, TeamError, type TimerHandle } from "@troupe/core";
import { bookUsage, emptyLedger, type Usage, type UsageEntry, type UsageLedger } from "@troupe/llm";
import type { Budget } from "./budget.ts";

/** What a model call may need at most. */
export interface ModelReservation {
  readonly tokens: number;
  /** 0 when no limit in dollars is set. */
  readonly usd: number;
}

/** What a ledger needs to know. */
export interface LedgerOptions {
  readonly budget: Budget;
  readonly clock: Clock;
  readonly onTimeOver: (detail: string) => void;
}

/** Gives back a reservation; a model call brings what it really used. */
export type SettleReservation = (used?: UsageEntry) => void;

export class RunLedger {
  readonly budget: Budget;
  readonly #clock: Clock;
  readonly #onTimeOver: (detail: string) => void;
  #usage: UsageLedger = emptyLedger;
  #modelCalls = 0;
  #toolCalls = 0;
  #turns = 0;
  #reservedTokens = 0;
  #reservedUsd = 0;
  #running = 0;
  #activeMs = 0;
  #activeSince = 0;
  #timer: TimerHandle | undefined;
  #isClosed = false;

  constructor(options: LedgerOptions) {
    this.budget = options.budget;
    this.#clock = options.clock;
    this.#onTimeOver = options.onTimeOver;
  }

  /** What was used so far. */
  get usage(): UsageLedger {
    return this.#usage;
  }

  /** The sum over all models: what token conditions look at. */
  get total(): Usage {
    return this.#usage.total;
  }

  /** @throws TeamError `run.budget_exceeded` naming the limit. */
  reserveModelCall(reservation: ModelReservation): SettleReservation {
    const { total } = this.#usage;
    this.#check("modelCalls", this.#modelCalls + 1);
    this.#check("tokens", total.inputTokens + total.outputTokens + this.#reservedTokens + reservation.tokens);
    this.#check("usd", (total.usd ?? 0) + this.#reservedUsd + reservation.usd);
    this.#checkTime();
    this.#modelCalls += 1;
    this.#reservedTokens += reservation.tokens;
    this.#reservedUsd += reservation.usd;
    return this.#open((used) => {
      this.#reservedTokens -= reservation.tokens;
      this.#reservedUsd -= reservation.usd;
      if (used !== undefined) this.#usage = bookUsage(this.#usage, used);
    });
  }

  /** @throws TeamError `run.budget_exceeded`. */
  reserveToolCall(): SettleReservation {
    this.#check("toolCalls", this.#toolCalls + 1);
    this.#checkTime();
    this.#toolCalls += 1;
    return this.#open(() => {});
  }

  /** Counts a turn. @throws TeamError `run.budget_exceeded`. */
  takeTurn(): void {
    this.#check("turns", this.#turns + 1);
    this.#checkTime();
    this.#turns += 1;
  }

  /** Lets the time count while work that costs nothing else goes on. */
  startWork(): SettleReservation {
    return this.#open(() => {});
  }

  /** Stops the watch for good: the run is over. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #check(limit: keyof Budget, needed: number): void {
    if (needed > this.budget[limit]) throw budgetExceeded(limit, this.budget[limit]);
  }

  #checkTime(): void {
    this.#check("wallTimeMs", this.#elapsedMs());
  }

  #elapsedMs(): number {
    return this.#activeMs + (this.#running > 0 ? this.#clock.monotonic() - this.#activeSince : 0);
  }

  #open(settle: SettleReservation): SettleReservation {
    this.#startClock();
    let isOpen = true;
    return (used) => {
      if (!isOpen) return;
      isOpen = false;
      settle(used);
      this.#stopClock();
    };
  }

  #startClock(): void {
    if (this.#running === 0) this.#activeSince = this.#clock.monotonic();
    this.#running += 1;
    if (this.#timer === undefined && this.budget.wallTimeMs < Number.POSITIVE_INFINITY) this.#watch();
  }

  #stopClock(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#activeMs += this.#clock.monotonic() - this.#activeSince;
  }

  /** One timer for many calls: it fires when the time could be over at the earliest, and is set again only while something runs. */
  #watch(): void {
    const leftMs = Math.max(1, this.budget.wallTimeMs - this.#elapsedMs());
    this.#timer = this.#clock.setTimer(leftMs, () => {
      this.#timer = undefined;
      if (this.#isClosed || this.#running === 0) return;
      if (this.#elapsedMs() >= this.budget.wallTimeMs) this.#onTimeOver(describe("wallTimeMs", this.budget.wallTimeMs));
      else this.#watch();
    });
  }
}

/** The error of a call that the budget does not allow. */
export function budgetExceeded(limit: keyof Budget, value: number): TeamError {
  return new TeamError("run.budget_exceeded", describe(limit, value), {
    remedy: `Raise budget.${limit}, or go on in the same session with a new run.`,
    details: { limit, value },
  });
}

function describe(limit: keyof Budget, value: number): string {
  return `The budget is spent: ${limit} is limited to ${value}`;
}
