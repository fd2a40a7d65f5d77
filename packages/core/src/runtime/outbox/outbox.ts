/**
 * The way of messages from one cell to another (C10): numbered in the record that sends them, delivered at least once, in order for
 * each recipient, until the source cell's log says that they have arrived.
 *
 * Owns: the lanes to cells that cannot be written to at once. Does not own: the outbox itself (CellWork of the source), marks (CellWork
 * of the recipient).
 * Invariants:
 * B1. A numbered message is tried until it is stored at its recipient's cell or inbox, or is a dead letter after a day.
 * B2. Two messages from one cell to another are stored there in the order of their numbers: also when one of them failed first, goes by
 *     the inbox, or was put there by the process that owned its source before.
 * B3. A delivery that nobody needs any more (its source cell has left this process) ends without a trace.
 */
import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import { StoreError, toError } from "../../errors/index.ts";
import type { Mail } from "../../store/index.ts";
import type { Cell } from "../cell/cell.ts";
import type { Engine } from "../engine.ts";
import { isOwnedElsewhere } from "../owner/owned-elsewhere.ts";
import { nameOf } from "../delivery/mail-factory.ts";
import { undeliverable } from "../delivery/post-office.ts";
import { type LaneEntry, OutboxLane } from "./outbox-lane.ts";

/** Milliseconds after which an undelivered message becomes a dead letter (C10). */
const giveUpAfterMs = 86_400_000;
/** Milliseconds that an acknowledgement waits for another record to go with. */
const acknowledgeAfterMs = 1_000;

export class Outbox {
  readonly #engine: Engine;
  readonly #lanes = new Map<string, OutboxLane>();
  /** By source: open cells that have nothing of it in their inbox any more. */
  readonly #direct = new WeakMap<Cell, Set<Cell>>();
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
    const name = this.#engine.directory.cellOf(mail.recipient);
    const entry = { source, mail };
    if (this.#lanes.has(name) || !this.#isDirect(source, name)) {
      this.#lane(name).add(entry);
      return;
    }
    const failed = (error: unknown): void => {
      if (!this.#settleFailure(entry, error)) this.#lane(name).add(entry);
    };
    try {
      const stored = this.#store(entry);
      if (!isPromiseLike(stored)) {
        this.#acknowledge(entry);
        return;
      }
      const done = stored.then(() => this.#acknowledge(entry), failed);
      this.#engine.own(done, `delivery of "${mail.type}" to "${nameOf(mail)}"`);
    } catch (error) {
      failed(error);
    }
  }

  /** Sends again what a log says has not arrived. */
  resend(source: Cell): void {
    for (const mail of source.work?.outbox ?? []) this.send(source, mail);
  }

  #lane(name: string): OutboxLane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = new OutboxLane(this.#engine, {
        isWanted: ({ source }) => this.#engine.agents.cells.get(source.name) === source,
        deliver: (entries) => this.#deliver(name, entries),
        failed: (entry, error) => this.#settleFailure(entry, error),
        empty: () => this.#lanes.delete(name),
      });
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  /** True when a message may go straight to an open cell: nothing of its source can be in the inbox there. */
  #isDirect(source: Cell, name: string): boolean {
    const cell = this.#engine.agents.cells.get(name);
    return cell !== undefined && (source.isNew || this.#direct.get(source)?.has(cell) === true);
  }

  #store({ source, mail }: LaneEntry): MaybePromise<void> {
    const { agents, post } = this.#engine;
    post.assertNear(mail);
    return agents.with(mail.recipient, (agent) => post.storeAt(agent, mail, { source: source.name }));
  }

  /** Delivers the first entries of a lane, one here or all to another process; returns how many have arrived. */
  async #deliver(name: string, entries: readonly LaneEntry[]): Promise<number> {
    const { agents, inbox } = this.#engine;
    const [first] = entries;
    if (first === undefined) return 0;
    try {
      const cell = agents.cells.get(name);
      if (cell !== undefined && !this.#isDirect(first.source, name)) {
        await inbox.check(cell);
        const direct = this.#direct.get(first.source) ?? new Set();
        this.#direct.set(first.source, direct.add(cell));
      }
      await this.#store(first);
      this.#acknowledge(first);
      return 1;
    } catch (error) {
      if (!isOwnedElsewhere(error)) throw error;
      await this.#deliverElsewhere(name, entries);
      return entries.length;
    }
  }

  async #deliverElsewhere(name: string, entries: readonly LaneEntry[]): Promise<void> {
    const { inbox, remote } = this.#engine;
    const mails = entries.map(({ source, mail }) => ({ kind: "mail", mail, from: source.name }) as const);
    await remote.deliverAll(name, mails);
    for (const entry of entries) this.#acknowledge(entry);
    // This process may have come to own the cell meanwhile: what follows must not pass these.
    await inbox.checkIfOwned(name);
  }

  /** True when a failure is the end of a message; false when it is tried again. */
  #settleFailure(entry: LaneEntry, thrown: unknown): boolean {
    const error = toError(thrown);
    const isOver = entry.mail.at < this.#engine.clock.now() - giveUpAfterMs;
    if (!isOver && isStoreFault(error)) return false;
    const kept = this.#engine.post.fail(undeliverable(entry.mail, error));
    if (kept === undefined) this.#acknowledge(entry);
    else
      this.#engine.own(
        kept.then(() => this.#acknowledge(entry)),
        `end of "${entry.mail.type}" for "${nameOf(entry.mail)}"`,
      );
    return true;
  }

  /** Goes with the next record of the source cell, or alone a little later. */
  #acknowledge({ source, mail }: LaneEntry): void {
    const engine = this.#engine;
    if (mail.number === undefined || engine.agents.cells.get(source.name) !== source) return;
    try {
      const noted = source.appendLazily([{ kind: "delivered", at: engine.clock.now(), numbers: [mail.number] }]);
      // A write that fails loses the cell; its next owner sends again, and the recipient knows.
      if (isPromiseLike(noted)) noted.then(undefined, () => {});
    } catch {
      return;
    }
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

/** What another try may mend: the store does not answer, or the recipient's cell has just been lost. */
function isStoreFault(error: Error): boolean {
  return error instanceof StoreError || ("code" in error && error.code === "state.owner_lost");
}
