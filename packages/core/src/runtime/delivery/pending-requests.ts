/**
 * The requests that somebody still waits for.
 *
 * Owns: one entry and one timer for each open request, whoever asked (outside, a turn, a mailbox).
 * Invariants:
 * P1. An entry is settled exactly once: by the reply, a failure, its deadline, or a cancel; later ones change nothing.
 * P2. A settled request has no entry and no timer.
 */
import type { TimerHandle, TimerWheel } from "../../async/index.ts";
import { DeliveryError, type JsonValue } from "../../errors/index.ts";
import type { Mail } from "../../store/index.ts";
import type { WaitNode } from "./deadlock-detector.ts";

/** How a request ended, in this process: the error is the very object that was thrown, the output what the schema made of the body. */
export type LiveOutcome =
  | { readonly status: "replied"; readonly body: JsonValue; readonly output: unknown }
  | { readonly status: "failed"; readonly error: Error };

/** A turn at work: it can be told to stop, and asked what it waits for. */
export interface Worker {
  readonly waitsFor: readonly WaitNode[];
  abandon(reason: unknown): void;
}

/** Who hears of the outcome. */
export type OutcomeSink = (outcome: LiveOutcome) => void;

/** How the asker reads a reply that comes as JSON from another process. */
export type ReplyDecoder = (body: JsonValue) => unknown;

/** Who hears of the outcome, and how it is read when it comes as JSON. */
export interface Asker {
  readonly sink: OutcomeSink;
  readonly decode: ReplyDecoder | undefined;
}

interface PendingRequest {
  readonly mail: Mail;
  readonly sink: OutcomeSink;
  readonly decode: ReplyDecoder | undefined;
  /** True when its asker is elsewhere: the entry only says that somebody waits. */
  readonly isForeign: boolean;
  timer: TimerHandle | undefined;
  turn: Worker | undefined;
}

export class PendingRequests {
  readonly #timers: TimerWheel;
  readonly #entries = new Map<string, PendingRequest>();

  constructor(timers: TimerWheel) {
    this.#timers = timers;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Waits for the outcome of a request; `deadlineMs` of Infinity sets no timer. */
  open(mail: Mail, deadlineMs: number, asker: OutcomeSink | Asker): void {
    const { sink, decode } = typeof asker === "function" ? { sink: asker, decode: undefined } : asker;
    this.#add(mail, deadlineMs, { sink, decode, isForeign: false });
  }

  /** Notes that somebody elsewhere waits for a request: it is worth handling, and its end is told by mail. */
  openForeign(mail: Mail, deadlineMs: number): void {
    if (!this.has(mail.messageId)) this.#add(mail, deadlineMs, { sink: () => {}, decode: undefined, isForeign: true });
  }

  /** The entry of an asker elsewhere is done. */
  closeForeign(messageId: string): void {
    if (this.#entries.get(messageId)?.isForeign === true) this.take(messageId);
  }

  #add(mail: Mail, deadlineMs: number, asker: Pick<PendingRequest, "sink" | "decode" | "isForeign">): void {
    const known = this.#entries.get(mail.messageId);
    known?.timer?.cancel();
    const entry: PendingRequest = { mail, ...asker, timer: undefined, turn: known?.turn };
    this.#entries.set(mail.messageId, entry);
    const isOutside = mail.replyTo?.kind === "outside" && !asker.isForeign;
    if (deadlineMs === Number.POSITIVE_INFINITY && !isOutside) return;
    entry.timer = this.#timers.set(deadlineMs, () => this.#expire(mail));
    // A program that awaits a reply must not end in silence, before the reply or the deadline has come.
    if (isOutside) entry.timer.keepAlive?.(true);
  }

  has(messageId: string): boolean {
    return this.#entries.has(messageId);
  }

  /** True when an agent or a caller of this process waits for the outcome. */
  isAwaited(messageId: string): boolean {
    return this.#entries.get(messageId)?.isForeign === false;
  }

  /** The turn that works on a request, once one does. */
  workerOf(messageId: string): Worker | undefined {
    return this.#entries.get(messageId)?.turn;
  }

  /** Remembers which turn works on a request, so that a cancel reaches it. */
  started(messageId: string, turn: Worker): void {
    const entry = this.#entries.get(messageId);
    if (entry !== undefined) entry.turn = turn;
  }

  settle(messageId: string, outcome: LiveOutcome): boolean {
    const entry = this.take(messageId);
    entry?.sink(outcome);
    return entry !== undefined;
  }

  /** Removes an entry without telling its sink. */
  take(messageId: string): PendingRequest | undefined {
    const entry = this.#entries.get(messageId);
    if (entry === undefined) return undefined;
    this.#entries.delete(messageId);
    entry.timer?.cancel();
    return entry;
  }

  /** Ends a request because its asker no longer wants it; the turn that works on it is told. */
  cancel(messageId: string, reason: unknown): void {
    this.take(messageId)?.turn?.abandon(reason);
  }

  /** Ends a request with an error: the turn that works on it is told, and so is its asker. */
  stop(messageId: string, error: Error): void {
    const entry = this.take(messageId);
    if (entry === undefined) return;
    entry.turn?.abandon(error);
    entry.sink({ status: "failed", error });
  }

  /** Ends requests at a time when their agents go: with the error that `judge` gives, or without a word. */
  end(judge: (mail: Mail) => Error | "forget" | undefined): void {
    for (const [messageId, entry] of this.#entries) {
      const verdict = judge(entry.mail);
      if (verdict === "forget") this.take(messageId);
      else if (verdict !== undefined) this.settle(messageId, { status: "failed", error: verdict });
    }
  }

  /** Tells the callers of this process that it closes; what they asked for stays worth doing, here or by the next owner (C19). */
  detach(judge: (mail: Mail) => Error | undefined): void {
    for (const entry of this.#entries.values()) {
      const error = entry.isForeign ? undefined : judge(entry.mail);
      if (error === undefined) continue;
      this.take(entry.mail.messageId);
      this.#add(entry.mail, Number.POSITIVE_INFINITY, { sink: () => {}, decode: undefined, isForeign: true });
      entry.sink({ status: "failed", error });
    }
  }

  /** Drops all entries and timers in silence: the runtime is closed. */
  clear(): void {
    for (const entry of this.#entries.values()) entry.timer?.cancel();
    this.#entries.clear();
  }

  #expire(mail: Mail): void {
    if (this.has(mail.messageId)) this.stop(mail.messageId, deadlineExceeded(mail));
  }
}

/** The error of a request whose time is up. */
export function deadlineExceeded(mail: Mail): DeliveryError {
  const recipient = `${mail.recipient.type}/${mail.recipient.key}`;
  return new DeliveryError(
    "delivery.deadline_exceeded",
    `"${recipient}" did not answer "${mail.type}" before its deadline`,
    {
      remedy: "Give the request a longer deadlineMs, or find out what the agent waits for.",
      details: { recipient, messageId: mail.messageId, type: mail.type },
    },
  );
}
