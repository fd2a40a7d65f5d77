/**
 * Talks to the owners of cells in other processes, through the inboxes of the store.
 *
 * Owns: the calls without an answer, the order of deliveries to each cell, the look-out for owners that have died.
 * Invariants:
 * D1. Entries for one cell reach its inbox in the order in which they were given here.
 * D2. A call settles once: by its answer, its deadline, or close.
 * D3. While somebody here waits for a cell of another process, its owner is looked after: when it dies, this process takes over (C24).
 */
import { createDeferred, type Deferred, type MaybePromise, type TimerHandle } from "../../async/index.ts";
import { decodeError, DeliveryError, type JsonValue } from "../../errors/index.ts";
import type { InboxEntry, Mail, OwnerCall, ReplyOutcome } from "../../store/index.ts";
import { runtimeClosed } from "../cell/end-cell.ts";
import type { Cell } from "../cell/cell.ts";
import { Mailboxes, workerCell } from "./mailboxes.ts";
import { isOwnedElsewhere } from "./owned-elsewhere.ts";
import type { Engine } from "../engine.ts";

/** Milliseconds between two looks at an owner that somebody waits for. */
const lookAfterMs = 1_000;

interface OpenCall {
  readonly answer: Deferred<ReplyOutcome>;
  readonly timer: TimerHandle;
}

export class RemoteDesk {
  readonly #engine: Engine;
  readonly mailboxes: Mailboxes;
  readonly #calls = new Map<string, OpenCall>();
  readonly #chains = new Map<string, Promise<void>>();
  /** Workers that ask under an id whose first request is being handled. */
  readonly #askers = new Map<string, Set<string>>();
  /** Cells of other processes, with what still waits for each. */
  readonly #watched = new Map<string, Set<() => boolean>>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.mailboxes = new Mailboxes(engine);
  }

  /** Does something as the owner of a cell, or asks its owner to do it. */
  async onOwner<T>(cell: string, local: (cell: Cell) => MaybePromise<T>, call: OwnerCall): Promise<T | undefined> {
    try {
      return await this.#engine.agents.openCell(cell, local);
    } catch (error) {
      if (!isOwnedElsewhere(error)) throw error;
      await this.ask(cell, call);
      return undefined;
    }
  }

  /** Asks the owner of a cell, which is another process; its answer, or the error that it had. */
  async ask(cell: string, call: OwnerCall): Promise<JsonValue> {
    const id = this.#engine.ids.next();
    const replyTo = await this.mailboxes.open();
    const answer = createDeferred<ReplyOutcome>();
    const limitMs = this.#engine.limits.requestDeadlineMs;
    const timer = this.#engine.timers.set(limitMs, () => answer.reject(noAnswer(cell, limitMs)));
    timer.keepAlive?.(true);
    this.#calls.set(id, { answer, timer });
    try {
      await this.deliver(cell, { kind: "call", id, replyTo, call });
      this.lookAfter(cell, () => this.#calls.has(id));
      const outcome = await answer.promise;
      if (outcome.status === "failed") throw decodeError(outcome.error);
      return outcome.body;
    } finally {
      timer.cancel();
      this.#calls.delete(id);
    }
  }

  /** Takes the answer to a call; false when it answers something else. */
  settle(id: string, outcome: ReplyOutcome): boolean {
    const call = this.#calls.get(id);
    call?.answer.resolve(outcome);
    return call !== undefined;
  }

  /** Brings a message from outside to a cell that another process owns; the owner answers to this process's mailbox. */
  async post(cell: string, mail: Mail): Promise<void> {
    // An inbox takes entries at least once: the owner must know this one again.
    const known: Mail = { ...mail, isRemembered: true };
    if (mail.kind !== "request") return this.deliver(cell, { kind: "mail", mail: known });
    const { owner, pending } = this.#engine;
    await this.mailboxes.open();
    await this.deliver(cell, { kind: "mail", mail: { ...known, replyTo: { kind: "outside", worker: owner } } });
    this.lookAfter(cell, () => pending.has(mail.messageId));
  }

  /** Puts an entry into the inbox of a cell, behind those given before. */
  deliver(cell: string, entry: InboxEntry): Promise<void> {
    return this.deliverAll(cell, [entry]);
  }

  /** Puts entries into the inbox of a cell in one write, behind those given before. */
  deliverAll(cell: string, entries: readonly InboxEntry[]): Promise<void> {
    const before = this.#chains.get(cell) ?? Promise.resolve();
    const delivered = before.then(() => this.#engine.store.deliver(cell, entries));
    const settled: Promise<void> = delivered
      .catch(() => {})
      .then(() => {
        if (this.#chains.get(cell) === settled) this.#chains.delete(cell);
      });
    this.#chains.set(cell, settled);
    return delivered;
  }

  /** Tells a caller in another process how its request ended; one that is gone does not hear it. */
  answer(worker: string, id: string, outcome: ReplyOutcome): void {
    const delivered = this.deliver(workerCell(worker), { kind: "result", id, outcome });
    this.#engine.own(delivered, `answer to worker "${worker}"`);
  }

  /** Another process asks for what is being handled already: it is told too. */
  joinAskers(id: string, worker: string): void {
    const askers = this.#askers.get(id) ?? new Set();
    this.#askers.set(id, askers.add(worker));
  }

  /** True when other processes have asked again for what is being handled. */
  hasJoined(id: string): boolean {
    return this.#askers.size > 0 && this.#askers.has(id);
  }

  /** Tells all who have asked again meanwhile. */
  answerJoined(id: string, outcome: ReplyOutcome): void {
    for (const worker of this.#askers.get(id) ?? []) this.answer(worker, id, outcome);
    this.#askers.delete(id);
  }

  /** Tries to take a cell over from time to time, as long as `isWanted` (D3). */
  lookAfter(cell: string, isWanted: () => boolean): void {
    const known = this.#watched.get(cell);
    if (known !== undefined) {
      known.add(isWanted);
      return;
    }
    this.#watched.set(cell, new Set([isWanted]));
    this.#lookLater(cell);
  }

  #lookLater(cell: string): void {
    this.#engine.timers.set(lookAfterMs, () => {
      this.#engine.own(this.#look(cell), `look at the owner of cell "${cell}"`);
    });
  }

  async #look(cell: string): Promise<void> {
    const wants = this.#watched.get(cell) ?? new Set();
    for (const isWanted of wants) if (!isWanted()) wants.delete(isWanted);
    if (wants.size === 0 || this.#engine.isClosed) {
      this.#watched.delete(cell);
      return;
    }
    try {
      await this.#engine.agents.openCell(cell, () => undefined);
      this.#watched.delete(cell);
    } catch (error) {
      this.#lookLater(cell);
      if (!isOwnedElsewhere(error)) throw error;
    }
  }

  /** Ends what waits for other processes: the runtime is closed. Drops its mailboxes. */
  async close(): Promise<void> {
    for (const { answer, timer } of this.#calls.values()) {
      timer.cancel();
      answer.reject(runtimeClosed());
    }
    this.#watched.clear();
    this.#askers.clear();
    await Promise.all(this.#chains.values());
    await this.mailboxes.close();
  }
}

function noAnswer(cell: string, limitMs: number): DeliveryError {
  return new DeliveryError(
    "delivery.deadline_exceeded",
    `The owner of cell "${cell}" did not answer for ${limitMs} ms`,
    {
      remedy: "Try again: when its process has died, this one takes over.",
      details: { cell },
    },
  );
}
