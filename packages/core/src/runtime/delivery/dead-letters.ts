/**
 * The messages that reached no handler, or whose handler failed for good; on a store that outlives the process, those of other processes too,
 * which have ended and were recovered here.
 *
 * Invariants:
 * D1. Never more than the limit: the oldest goes first.
 * D2. A letter that was sent again or removed is gone from the list.
 */
import { DeliveryError } from "../../errors/index.ts";
import type { Mail } from "../../store/index.ts";

/** Why a message ended here. */
export type DeadLetterReason =
  | "no-such-agent"
  | "no-handler"
  | "handler-failed"
  | "too-many-hops"
  | "mailbox-full"
  | "closed"
  | "undeliverable"
  | "quarantined";

/** One message that was not handled. */
export interface DeadLetter {
  readonly id: string;
  readonly reason: DeadLetterReason;
  readonly mail: Mail;
  readonly error: Error | undefined;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Lists, inspects and sends again what was not handled (C8). */
export interface DeadLetters {
  list(): readonly DeadLetter[];
  /** Delivers the message once more, as new. @throws DeliveryError `delivery.no_such_agent` for an unknown letter. */
  resend(id: string): Promise<void>;
  remove(id: string): boolean;
}

/** What a box of letters needs. */
export interface DeadLetterOptions {
  readonly limit: number;
  readonly deliver: (mail: Mail) => Promise<void>;
  /** A letter is in the list no more. */
  readonly onGone: (id: string) => void;
}

export class DeadLetterBox implements DeadLetters {
  readonly #options: DeadLetterOptions;
  readonly #letters = new Map<string, DeadLetter>();

  constructor(options: DeadLetterOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#letters.size;
  }

  add(letter: DeadLetter): void {
    const { limit } = this.#options;
    if (limit === 0) return;
    this.#letters.set(letter.id, letter);
    if (this.#letters.size <= limit) return;
    for (const oldest of this.#letters.keys()) {
      this.remove(oldest);
      return;
    }
  }

  /** Takes letters of a process that has ended. */
  load(letters: readonly DeadLetter[]): void {
    for (const letter of letters) if (!this.#letters.has(letter.id)) this.add(letter);
  }

  list(): readonly DeadLetter[] {
    return [...this.#letters.values()];
  }

  remove(id: string): boolean {
    const isThere = this.#letters.delete(id);
    if (isThere) this.#options.onGone(id);
    return isThere;
  }

  async resend(id: string): Promise<void> {
    const letter = this.#letters.get(id);
    if (letter === undefined) {
      throw new DeliveryError("delivery.no_such_agent", `There is no dead letter "${id}"`, {
        remedy: "Take the id from deadLetters.list(); a letter can be sent again once.",
        details: { id },
      });
    }
    this.#letters.delete(id);
    try {
      await this.#options.deliver(letter.mail);
    } catch (error) {
      this.#letters.set(id, letter);
      throw error;
    }
    // Only now is it stored somewhere else.
    this.#options.onGone(id);
  }
}
