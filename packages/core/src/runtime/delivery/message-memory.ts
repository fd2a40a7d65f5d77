/**
 * Remembers messages from outside by the id their sender chose (C10).
 *
 * Invariants:
 * R1. The same id is handled once while it is remembered; a duplicate gets the first one's outcome, also while it is open.
 * R2. An entry ends with its time: nothing grows with the number of messages for ever.
 */
import type { TimerWheel } from "../../async/index.ts";
import { trustType } from "../../agent/index.ts";
import { DeliveryError } from "../../errors/index.ts";

export class MessageMemory {
  readonly #timers: TimerWheel;
  readonly #keepMs: number;
  readonly #outcomes = new Map<string, Promise<unknown>>();

  constructor(timers: TimerWheel, keepMs: number) {
    this.#timers = timers;
    this.#keepMs = keepMs;
  }

  get size(): number {
    return this.#outcomes.size;
  }

  /** The outcome of the first message with this id; `handle` runs only for the first. */
  once<T>(messageId: string, handle: () => Promise<T>): Promise<T> {
    assertMessageId(messageId);
    const known = this.#outcomes.get(messageId);
    // What is stored under an id is what `handle` gave for it: the id belongs to one request and its one reply type.
    if (known !== undefined) return trustType<Promise<T>>(known);
    const outcome = handle();
    this.#outcomes.set(messageId, outcome);
    this.#timers.set(this.#keepMs, () => this.#outcomes.delete(messageId));
    outcome.catch(() => {
      // The sender hears of it; here it only must not surface twice.
    });
    return outcome;
  }

  clear(): void {
    this.#outcomes.clear();
  }
}

function assertMessageId(messageId: string): void {
  if (messageId.length > 0 && messageId.length <= 256) return;
  throw new DeliveryError(
    "delivery.invalid_message_id",
    `A message id of ${messageId.length} characters cannot be remembered`,
    {
      remedy: "Use 1 to 256 characters.",
    },
  );
}
