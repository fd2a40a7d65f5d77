/**
 * Remembers messages from outside by the id their sender chose (C10).
 *
 * Invariants:
 * R1. The same id is handled once while it is remembered; a duplicate gets the first one's outcome, also while it is open.
 * R3. A caller that gives up changes nothing for the other callers with the same id; the last one's abort stops the work.
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
  readonly controller: AbortController;
  /** Callers that have not given up. */
  callers: number;
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

  /**
   * The outcome of the first message with this id; `handle` runs only for the first. A caller that gives up leaves the others alone:
   * only the last one's abort reaches `handle`.
   */
  once<T>(
    id: { readonly messageId: string; readonly signal: AbortSignal | undefined },
    handle: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { messageId, signal } = id;
    assertMessageId(messageId);
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const entry = this.#entries.get(messageId) ?? this.#start(messageId, handle);
    entry.callers += 1;
    // What is stored under an id is what `handle` gave for it: the id belongs to one request and its one reply type.
    const outcome = trustType<Promise<T>>(entry.outcome);
    return signal === undefined ? outcome : untilAbort(outcome, signal, () => this.#leave(messageId, entry, signal));
  }

  #start(messageId: string, handle: (signal: AbortSignal) => Promise<unknown>): Remembered {
    const controller = new AbortController();
    const outcome = handle(controller.signal);
    const timer = this.#timers.set(this.#keepMs, () => this.#entries.delete(messageId));
    const entry: Remembered = { outcome, timer, controller, callers: 0 };
    this.#entries.set(messageId, entry);
    if (this.#entries.size > maxRemembered) this.#forgetOldest();
    // The sender hears of a failure; here it only decides whether the id is kept.
    outcome.catch((error: unknown) => {
      if (TroupeError.isTroupeError(error) && notAccepted.has(error.code)) this.#forget(messageId);
    });
    return entry;
  }

  #leave(messageId: string, entry: Remembered, signal: AbortSignal): void {
    entry.callers -= 1;
    if (entry.callers > 0) return;
    if (this.#entries.get(messageId) === entry) this.#forget(messageId);
    entry.controller.abort(signal.reason);
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

/** The outcome, or the signal's reason when that comes first: then `leave` is called at once. */
function untilAbort<T>(outcome: Promise<T>, signal: AbortSignal, leave: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason);
      leave();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = (): void => signal.removeEventListener("abort", onAbort);
    outcome.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
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
