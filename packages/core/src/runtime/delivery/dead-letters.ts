/**
 * The messages that reached no handler, or whose handler failed for good.
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

export class DeadLetterBox implements DeadLetters {
  readonly #limit: number;
  readonly #deliver: (mail: Mail) => Promise<void>;
  readonly #letters = new Map<string, DeadLetter>();

  constructor(limit: number, deliver: (mail: Mail) => Promise<void>) {
    this.#limit = limit;
    this.#deliver = deliver;
  }

  get size(): number {
    return this.#letters.size;
  }

  add(letter: DeadLetter): void {
    if (this.#limit === 0) return;
    this.#letters.set(letter.id, letter);
    if (this.#letters.size <= this.#limit) return;
    for (const oldest of this.#letters.keys()) {
      this.#letters.delete(oldest);
      return;
    }
  }

  list(): readonly DeadLetter[] {
    return [...this.#letters.values()];
  }

  remove(id: string): boolean {
    return this.#letters.delete(id);
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
    await this.#deliver(letter.mail);
  }
}
