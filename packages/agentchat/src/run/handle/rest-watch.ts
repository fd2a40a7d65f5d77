/**
 * Looks whether a run rests, each time that something has happened.
 *
 * Owns: the look that is under way, and how much has happened.
 * Invariants:
 * 1. One look at a time: a long run that is read from its start shows many questions.
 * 2. A look that began before the last news says nothing: the run is looked at again.
 */
export class RestWatch {
  readonly #isResting: () => Promise<boolean>;
  readonly #onRest: () => void;
  #isLooking = false;
  #news = 0;

  constructor(isResting: () => Promise<boolean>, onRest: () => void) {
    this.#isResting = isResting;
    this.#onRest = onRest;
  }

  /** Something has happened. Resolves when the run was looked at since, here or by the look that was under way. */
  async look(): Promise<void> {
    this.#news += 1;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      for (let seen = 0; seen !== this.#news; ) {
        seen = this.#news;
        if ((await this.#isResting()) && seen === this.#news) this.#onRest();
      }
    } finally {
      this.#isLooking = false;
    }
  }
}
