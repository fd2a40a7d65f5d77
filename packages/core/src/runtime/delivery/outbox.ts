/**
 * The way of messages from one cell to another (C10): numbered in the record that sends them, delivered at least once, in order for
 * each recipient, until the source cell's log says that they have arrived.
 *
 * Owns: deliveries under way to cells that are not open here. Does not own: the outbox itself (CellWork), marks (CellWork of the recipient).
 * Invariants:
 * B1. A numbered message is tried until it is stored at its recipient's cell or inbox, or is a dead letter after a day.
 * B2. Two messages from one cell to another are stored there in the order of their numbers.
 * B3. A delivery that nobody needs any more (its source cell has left this process) ends without a trace.
 */
import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import { StoreError, toError } from "../../errors/index.ts";
import type { Mail } from "../../store/index.ts";
import type { Cell } from "../cell/cell.ts";
import type { Engine } from "../engine.ts";
import { nameOf } from "./mail-factory.ts";

/** Milliseconds after which an undelivered message becomes a dead letter (C10). */
const giveUpAfterMs = 86_400_000;
/** First pause before a failed delivery is tried again, doubled each time, and the longest. */
const retryAfterMs = 1_000;
const maxRetryMs = 60_000;
/** Milliseconds that an acknowledgement waits for another record to go with. */
const acknowledgeAfterMs = 1_000;

export class Outbox {
  readonly #engine: Engine;
  /** The last delivery to each cell that is not open here. */
  readonly #chains = new Map<string, Promise<void>>();
  /** Cells with acknowledgements that wait for a record. */
  readonly #unflushed = new Set<Cell>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Gives a message for another cell its number; others stay as they are. Call it in the breath that writes the record. */
  address(cell: Cell, mail: Mail): Mail {
    const { work } = cell;
    if (work === undefined || mail.number !== undefined) return mail;
    if (this.#engine.directory.cellOf(mail.recipient) === cell.name) return mail;
    work.sent += 1;
    return { ...mail, number: work.sent };
  }

  /** Brings a stored, numbered message of `source` to its recipient, and acknowledges it there. */
  send(source: Cell, mail: Mail): void {
    this.#try(source, mail, 0);
  }

  /** Sends again what a log says has not arrived. */
  resend(source: Cell): void {
    for (const mail of source.work?.outbox ?? []) this.send(source, mail);
  }

  #try(source: Cell, mail: Mail, failures: number): void {
    const attempt = this.#inOrder(mail, () => this.#deliver(source, mail));
    if (!isPromiseLike(attempt)) {
      this.#acknowledge(source, mail);
      return;
    }
    const done = attempt.then(
      () => this.#acknowledge(source, mail),
      (error: unknown) => this.#failed(source, mail, { error, failures }),
    );
    this.#engine.own(done, `delivery of "${mail.type}" to "${nameOf(mail)}"`);
  }

  /** A cell that is not open here is asked for one thing after the other: who owns it may change in between. */
  #inOrder(mail: Mail, deliver: () => MaybePromise<void>): MaybePromise<void> {
    const cell = this.#engine.directory.cellOf(mail.recipient);
    const before = this.#chains.get(cell);
    if (before === undefined && this.#engine.agents.cells.get(cell) !== undefined) return deliver();
    const delivered = (before ?? Promise.resolve()).then(deliver);
    const settled: Promise<void> = delivered
      .catch(() => {})
      .then(() => {
        if (this.#chains.get(cell) === settled) this.#chains.delete(cell);
      });
    this.#chains.set(cell, settled);
    return delivered;
  }

  #deliver(source: Cell, mail: Mail): MaybePromise<void> {
    const { agents, post, remote } = this.#engine;
    const toInbox = (error: unknown): MaybePromise<void> => {
      if (!isOwnedElsewhere(error)) throw error;
      return remote.deliver(this.#engine.directory.cellOf(mail.recipient), { kind: "mail", mail, from: source.name });
    };
    try {
      const stored = agents.with(mail.recipient, (agent) => post.storeAt(agent, mail, { source: source.name }));
      return isPromiseLike(stored) ? stored.then(undefined, toInbox) : stored;
    } catch (error) {
      return toInbox(error);
    }
  }

  #failed(source: Cell, mail: Mail, why: { readonly error: unknown; readonly failures: number }): void {
    const engine = this.#engine;
    const { failures } = why;
    const error = toError(why.error);
    const isOver = mail.at < engine.clock.now() - giveUpAfterMs;
    if (isOver || !(error instanceof StoreError)) {
      engine.post.fail({ mail, error, reason: "undeliverable" });
      this.#acknowledge(source, mail);
      return;
    }
    const pauseMs = Math.min(maxRetryMs, retryAfterMs * 2 ** failures);
    engine.timers.set(pauseMs, () => {
      if (!engine.isClosed && engine.agents.cells.get(source.name) === source) this.#try(source, mail, failures + 1);
    });
  }

  /** Goes with the next record of the source cell, or alone a little later. */
  #acknowledge(source: Cell, mail: Mail): void {
    const engine = this.#engine;
    if (mail.number === undefined || engine.agents.cells.get(source.name) !== source) return;
    const noted = source.appendLazily([{ kind: "delivered", at: engine.clock.now(), numbers: [mail.number] }]);
    // A write that fails loses the cell; its next owner sends again, and the recipient knows.
    if (isPromiseLike(noted)) noted.then(undefined, () => {});
    if (this.#unflushed.has(source)) return;
    this.#unflushed.add(source);
    engine.timers.set(acknowledgeAfterMs, () => {
      this.#unflushed.delete(source);
      const flushed = source.flush();
      // A write that fails loses the cell, and is reported there.
      if (isPromiseLike(flushed)) flushed.then(undefined, () => {});
    });
  }
}

/** True for the error of a cell that another live process holds. */
export function isOwnedElsewhere(error: unknown): boolean {
  return error instanceof StoreError && error.code === "store.owned";
}
