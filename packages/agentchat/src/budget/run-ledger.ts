/**
 * What one run has spent, and whether it may spend more.
 *
 * Owns: the sums, the open reservations and the wall-time watch of one run, with all its nested teams.
 * Does not own: turns, which managers count, and the record. Everything here is computed again from the run's events (`recorded-spending.ts`) and from the outcomes that a
 * replayed turn is handed.
 * Invariants:
 * G1. A call is reserved before it is made; with the reservation the run stays within its budget, or the call is refused.
 * G2. A call is settled exactly once, however often its turn is replayed; what was really used takes the place of its reservation.
 * G3. Time counts only while a call runs. When it is over, `onTimeOver` is called once.
 * G4. A closed ledger has no timer.
 * G5. A call that died with its process stays spent: a model call at its reservation, a tool call as one call.
 */
import { type Clock, TeamError, type TimerHandle } from "@troupe/core";
import { totalTokens, type UsageEntry } from "@troupe/llm";
import type { Budget } from "./budget.ts";
import type { OpenCalls, RecordedSpending } from "./recorded-spending.ts";

/** The claim of a step that reserves one call and nothing else. */
export const oneCall = 1;

/** What a model call may need at most. */
export interface ModelReservation {
  /** Unique in the run, the same on replay. */
  readonly callId: string;
  /** 0 when no limit in tokens or dollars is set. */
  readonly tokens: number;
  /** 0 when no limit in dollars is set. */
  readonly usd: number;
}

/** How a model call ended, with the executions before it that died with their process. */
export interface SettledCall {
  readonly callId: string;
  /** How often it was made, the lost times included; 0 when it was refused. */
  readonly made: number;
  readonly used: readonly UsageEntry[];
}

/** What a ledger needs to know. */
export interface LedgerOptions {
  readonly budget: Budget;
  readonly clock: Clock;
  readonly onTimeOver: (detail: string) => void;
  /** What the run had spent when this process took it up. */
  readonly recorded?: RecordedSpending | undefined;
}

interface OpenReservation {
  /** How often the call counts already. */
  readonly made: number;
  readonly tokens: number;
  readonly usd: number;
}

export class RunLedger {
  readonly budget: Budget;
  readonly #clock: Clock;
  readonly #onTimeOver: (detail: string) => void;
  readonly #open = new Map<string, OpenReservation>();
  #settled: Set<string> | undefined;
  /** Tool calls that the record shows as asked for and not as finished: some ran when their process died. */
  readonly #inDoubt: OpenCalls | undefined;
  #modelCalls: number;
  #toolCalls: number;
  #tokens: number;
  #usd: number;
  #reservedTokens = 0;
  #reservedUsd = 0;
  #running = 0;
  #activeMs: number;
  #activeSince = 0;
  #timer: TimerHandle | undefined;
  #isClosed = false;

  constructor({ budget, clock, onTimeOver, recorded }: LedgerOptions) {
    this.budget = budget;
    this.#clock = clock;
    this.#onTimeOver = onTimeOver;
    this.#settled = recorded?.settled;
    this.#inDoubt = recorded?.openTools;
    this.#modelCalls = recorded?.modelCalls ?? 0;
    this.#toolCalls = recorded?.toolCalls ?? 0;
    this.#tokens = recorded?.tokens ?? 0;
    this.#usd = recorded?.usd ?? 0;
    this.#activeMs = recorded?.activeMs ?? 0;
  }

  /** Milliseconds in which something ran, in all processes that worked on the run. */
  get activeMs(): number {
    return this.#activeMs + (this.#running > 0 ? this.#clock.monotonic() - this.#activeSince : 0);
  }

  // --- calls -------------------------------------------------------------------------------------

  /**
   * Called by the step that makes the call; `lost` counts its executions that died with their process.
   *
   * @throws TeamError `run.budget_exceeded` naming the limit.
   */
  reserveModelCall({ callId, tokens, usd }: ModelReservation, lost: number): void {
    // Before anything is checked: whether this call may be made or not, those were.
    if (lost > 0) this.#hold(callId, { made: lost, tokens: lost * tokens, usd: lost * usd });
    this.#check("modelCalls", this.#modelCalls + 1);
    this.#check("tokens", this.#tokens + this.#reservedTokens + tokens);
    this.#check("usd", this.#usd + this.#reservedUsd + usd);
    this.#checkTime();
    const made = lost + 1;
    this.#hold(callId, { made, tokens: made * tokens, usd: made * usd });
  }

  /** Called by the turn for each outcome that it is handed, live or replayed. */
  settleModelCall({ callId, made, used }: SettledCall): void {
    if (this.#settled?.has(callId) === true) return;
    this.#settled ??= new Set();
    this.#settled.add(callId);
    const counted = this.#release(callId);
    this.#modelCalls += made - counted;
    for (const { usage, usd } of used) {
      this.#tokens += totalTokens(usage);
      this.#usd += usd ?? 0;
    }
  }

  /**
   * Called by the step that makes the call. `key` is its `toolKey`, where the record may show the call as asked for.
   *
   * @throws TeamError `run.budget_exceeded`.
   */
  reserveToolCall(lost: number, key?: string): void {
    if (key !== undefined) this.#takeUp(key);
    this.#toolCalls += lost;
    this.#check("toolCalls", this.#toolCalls + this.#countInDoubt() + 1);
    this.#checkTime();
    this.#toolCalls += 1;
  }

  #hold(callId: string, reservation: OpenReservation): void {
    const counted = this.#release(callId);
    this.#modelCalls += reservation.made - counted;
    this.#reservedTokens += reservation.tokens;
    this.#reservedUsd += reservation.usd;
    this.#open.set(callId, reservation);
  }

  /** Gives a reservation back; how often its call was counted. */
  #release(callId: string): number {
    const open = this.#open.get(callId);
    if (open === undefined) return 0;
    this.#open.delete(callId);
    this.#reservedTokens -= open.tokens;
    this.#reservedUsd -= open.usd;
    return open.made;
  }

  /** One of the calls in doubt goes on: from here on it is counted by itself. */
  #takeUp(key: string): void {
    const left = (this.#inDoubt?.get(key) ?? 0) - 1;
    if (left > 0) this.#inDoubt?.set(key, left);
    else this.#inDoubt?.delete(key);
  }

  #countInDoubt(): number {
    if (this.#inDoubt === undefined) return 0;
    return [...this.#inDoubt.values()].reduce((sum, count) => sum + count, 0);
  }

  #check(limit: keyof Budget, needed: number): void {
    if (needed > this.budget[limit]) throw budgetExceeded(limit, this.budget[limit]);
  }

  // --- time --------------------------------------------------------------------------------------

  /** Lets the time count until the returned function is called. */
  startWork(): () => void {
    if (this.#running === 0) this.#activeSince = this.#clock.monotonic();
    this.#running += 1;
    if (this.#timer === undefined && this.budget.wallTimeMs < Number.POSITIVE_INFINITY) this.#watch();
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#running -= 1;
      if (this.#running === 0) this.#activeMs += this.#clock.monotonic() - this.#activeSince;
    };
  }

  /** Stops the watch for good: the run is over, or works elsewhere. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #checkTime(): void {
    this.#check("wallTimeMs", this.activeMs);
  }

  /** One timer for many calls: it fires when the time could be over at the earliest, and is set again only while something runs. */
  #watch(): void {
    if (this.#isClosed) return;
    const leftMs = Math.max(1, this.budget.wallTimeMs - this.activeMs);
    this.#timer = this.#clock.setTimer(leftMs, () => {
      this.#timer = undefined;
      if (this.#isClosed || this.#running === 0) return;
      if (this.activeMs >= this.budget.wallTimeMs) this.#onTimeOver(describe("wallTimeMs", this.budget.wallTimeMs));
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
