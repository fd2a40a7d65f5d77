/**
 * The queue before a full mailbox (C13).
 *
 * Owns: the senders that wait, in order of arrival, and the places promised to those that were let in and have not entered yet.
 * Invariants:
 * M1. Senders enter in the order in which they came; nobody passes a waiting one.
 * M2. A sender that gives up leaves its place to the next.
 * M3. Nobody waits before a mailbox with room: it opens whenever mail is taken out or has been stored.
 */
export class MailboxGate {
  readonly #waiting = new Set<() => void>();
  #promised = 0;

  /** Senders that must enter before a newcomer. */
  get load(): number {
    return this.#waiting.size + this.#promised;
  }

  /** Waits for a place. Call `entered()` once it is used. @throws The signal's reason. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const enter = (): void => {
        signal?.removeEventListener("abort", giveUp);
        this.#promised += 1;
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.delete(enter);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#waiting.add(enter);
    });
  }

  /** A promised place was taken. */
  entered(): void {
    this.#promised -= 1;
  }

  /** The mailbox has room for `places` more. */
  open(places: number): void {
    let free = places - this.#promised;
    for (const enter of this.#waiting) {
      if (free <= 0) return;
      free -= 1;
      this.#waiting.delete(enter);
      enter();
    }
  }
}
