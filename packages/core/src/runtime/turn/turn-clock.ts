/**
 * The wall and idle limits of one attempt (C9).
 *
 * Invariants:
 * W1. Only active time counts: `pause` stops both clocks.
 * W2. One timer at most, none while paused or stopped.
 */
import type { TimerHandle } from "../../async/index.ts";
import { StateError } from "../../errors/index.ts";
import type { Turn } from "./turn.ts";

const defaultWallMs = 900_000;
const defaultIdleMs = 600_000;

export class TurnClock {
  readonly #turn: Turn;
  readonly #wallMs: number;
  readonly #idleMs: number;
  #activeMs = 0;
  /** Active milliseconds at the last progress. */
  #progressAt = 0;
  #since: number | undefined;
  #timer: TimerHandle | undefined;

  constructor(turn: Turn) {
    this.#turn = turn;
    const { options } = turn.activation.blueprint;
    this.#wallMs = options.wallLimitMs ?? defaultWallMs;
    this.#idleMs = options.idleLimitMs ?? defaultIdleMs;
  }

  start(): void {
    if (this.#since !== undefined) return;
    this.#since = this.#turn.engine.clock.monotonic();
    this.#arm();
  }

  pause(): void {
    this.#activeMs = this.#active();
    this.#since = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  stop(): void {
    this.pause();
  }

  progress(): void {
    this.#progressAt = this.#active();
  }

  #active(): number {
    return this.#since === undefined
      ? this.#activeMs
      : this.#activeMs + this.#turn.engine.clock.monotonic() - this.#since;
  }

  #arm(): void {
    const active = this.#active();
    const left = Math.min(this.#wallMs - active, this.#idleMs - (active - this.#progressAt));
    this.#timer = this.#turn.engine.timers.set(Math.max(1, left), () => this.#check());
  }

  #check(): void {
    const active = this.#active();
    const error = this.#exceeded(active);
    if (error === undefined) this.#arm();
    else this.#turn.failAttempt(error);
  }

  #exceeded(active: number): StateError | undefined {
    if (active >= this.#wallMs) {
      return new StateError("state.turn_timeout", `Turn "${this.#turn.id}" was active for ${this.#wallMs} ms`, {
        remedy: "Raise wallLimitMs of the definition, or split the work into several turns.",
        details: { turn: this.#turn.id, wallLimitMs: this.#wallMs },
      });
    }
    if (active - this.#progressAt < this.#idleMs) return undefined;
    const steps = [...this.#turn.frame.running.keys()];
    return new StateError(
      "state.turn_stalled",
      `Turn "${this.#turn.id}" made no progress for ${this.#idleMs} ms; it waits for ${steps.join(", ") || "something outside its context"}`,
      {
        remedy: "Give the step a timeout, call context.heartbeat() during long work, or raise idleLimitMs.",
        details: { turn: this.#turn.id, idleLimitMs: this.#idleMs, steps },
      },
    );
  }
}
