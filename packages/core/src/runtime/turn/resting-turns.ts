import { yieldMacrotask } from "../../async/index.ts";
import type { Turn } from "./turn.ts";

/**
 * The turns that may be waiting for the outside: looked at once the event loop has run, because a handler between two steps
 * waits for nothing for a moment.
 *
 * Invariant: a turn is told `rest()` only if nothing woke it since it was added.
 */
export class RestingTurns {
  #turns = new Set<Turn>();
  #isScheduled = false;

  add(turn: Turn): void {
    this.#turns.add(turn);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    void yieldMacrotask().then(() => this.#check());
  }

  delete(turn: Turn): void {
    this.#turns.delete(turn);
  }

  #check(): void {
    this.#isScheduled = false;
    const turns = this.#turns;
    this.#turns = new Set();
    for (const turn of turns) turn.rest();
  }
}
