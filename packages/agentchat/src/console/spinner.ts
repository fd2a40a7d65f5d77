import type { Clock, TimerHandle } from "@troupe/core";
import type { RunWriter } from "./writer.ts";

const frames: readonly string[] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 100;
/** Shorter waits need no sign of life. */
const patienceMs = 600;
/** Erases the line and goes to its start: ECMA-48 8.3.41. */
const eraseLine = "\r\u001b[2K";

/**
 * A sign of life under the last line while something takes long.
 *
 * 1. It shows only at a terminal, only at the start of a line, and only after a while.
 * 2. After `stop` there is no trace of it and no timer.
 */
export class Spinner {
  readonly #writer: RunWriter;
  readonly #clock: Clock;
  #label = "";
  #since = 0;
  #frame = 0;
  #isShown = false;
  #timer: TimerHandle | undefined;

  constructor(writer: RunWriter, clock: Clock) {
    this.#writer = writer;
    this.#clock = clock;
  }

  /** Something began that may take a while. */
  start(label: string): void {
    if (!this.#writer.isTerminal) return;
    this.stop();
    this.#label = label;
    this.#since = this.#clock.monotonic();
    this.#timer = this.#clock.setTimer(patienceMs, () => this.#tick());
  }

  #tick(): void {
    this.#frame = (this.#frame + 1) % frames.length;
    const seconds = Math.floor((this.#clock.monotonic() - this.#since) / 1000);
    this.#writer.write(`${eraseLine}${frames[this.#frame] ?? ""} ${this.#label} ${seconds} s`);
    this.#isShown = true;
    this.#timer = this.#clock.setTimer(frameMs, () => this.#tick());
  }

  /** It is over, or something else is about to be written. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#writer.write(eraseLine);
  }
}
