/**
 * Remembers messages from outside by the id their sender chose (C10).
 *
 * Invariants:
 * R1. The same id is handled once while it is remembered; a duplicate gets the first one's outcome, also while it is open.
 * R2. An entry ends with its time, or when there are too many: nothing grows with the number of messages for ever.
 */
import type { TimerHandle, TimerWheel } from "../../async/index.ts";
import { trustType } from "../../agent/index.ts";
import { DeliveryError, TroupeError } from "../../errors/index.ts";

/** Remembered ids; beyond it the oldest is forgotten before its time. */
const maxRemembered = 100_000;

/** Failures that say that the message was never accepted: the same id may try again. */
const notAccepted: ReadonlySet<string> = new Set([
  "serialization.invalid_message",
  "serialization.unserializable",
  "delivery.no_such_agent",
  "delivery.mailbox_full",
  "delivery.refused",
  "delivery.dropped",
]);

interface Remembered {
  readonly outcome: Promise<unknown>;
  readonly timer: TimerHandle;
}

export class MessageMemory {
  readonly #timers: TimerWheel;
  readonly #keepMs: number;
  readonly #entries = new Map<string, Remembered>();

  constructor(timers: TimerWheel, keepMs: number) {
    this.#timers = timers;
    this.#keepMs = keepMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The outcome of the first message with this id; `handle` runs only for the first. */
  once<T>(messageId: string, handle: () => Promise<T>): Promise<T> {
    assertMessageId(messageId);
    const known = this.#entries.get(messageId);
    // What is stored under an id is what `handle` gave for it: the id belongs to one request and its one reply type.
    if (known !== undefined) return trustType<Promise<T>>(known.outcome);
    const outcome = handle();
    const timer = this.#timers.set(this.#keepMs, () => this.#entries.delete(messageId));
    this.#entries.set(messageId, { outcome, timer });
    if (this.#entries.size > maxRemembered) this.#forgetOldest();
    // The sender hears of a failure; here it only decides whether the id is kept.
    outcome.catch((error: unknown) => {
      if (TroupeError.isTroupeError(error) && notAccepted.has(error.code)) this.#forget(messageId);
    });
    return outcome;
  }

  clear(): void {
    for (const entry of this.#entries.values()) entry.timer.cancel();
    this.#entries.clear();
  }

  #forget(messageId: string): void {
    this.#entries.get(messageId)?.timer.cancel();
    this.#entries.delete(messageId);
  }

  #forgetOldest(): void {
    for (const oldest of this.#entries.keys()) {
      this.#forget(oldest);
      return;
    }
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
