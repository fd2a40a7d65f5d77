import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import { toError } from "../../errors/index.ts";
import type { CollectedEntry, Mail, OwnerCall, ReplyOutcome } from "../../store/index.ts";
import type { Cell } from "../cell/cell.ts";
import { isOwnerLost } from "../cell/owner-lost.ts";
import { settleStored } from "../delivery/arrival.ts";
import { isOwnedElsewhere } from "./owned-elsewhere.ts";
import type { Engine } from "../engine.ts";

/** Carries out what another process asks of an owner; resolves with what it answers. */
export type CallHandler = (cell: Cell, call: OwnerCall) => Promise<ReplyOutcome>;

/**
 * Takes what other processes have put into the inboxes of this one's cells.
 *
 * Invariants:
 * X1. An entry leaves the inbox in the same write that records it; until then it is collected again and known again (C10).
 * X2. Entries are taken in order; one that cannot be delivered keeps no other from its turn.
 */
export class InboxTaker {
  readonly #engine: Engine;
  readonly #handleCall: CallHandler;
  /** The last entry of each cell that was taken and may not have left the inbox yet. */
  readonly #taken = new WeakMap<Cell, number>();

  constructor(engine: Engine, handleCall: CallHandler) {
    this.#engine = engine;
    this.#handleCall = handleCall;
  }

  /** Looks into the inbox of an open cell; when the cell turns out to be another process's, so is what is in its inbox. */
  check(cell: Cell): MaybePromise<void> {
    try {
      const entries = cell.collect();
      if (isPromiseLike(entries)) return entries.then((found) => this.take(cell, found), unlessOwnerLost);
      this.take(cell, entries);
    } catch (error) {
      unlessOwnerLost(error);
    }
  }

  /** Looks into the inbox of a cell that this process may have come to own; another one's is not its business. */
  async checkIfOwned(name: string): Promise<void> {
    const { cells } = this.#engine.agents;
    if (cells.get(name) === undefined && !cells.isOpening(name)) return;
    try {
      await this.#engine.agents.openCell(name, (cell) => this.check(cell));
    } catch (error) {
      if (!isOwnedElsewhere(error)) throw error;
    }
  }

  take(cell: Cell, entries: readonly CollectedEntry[]): void {
    for (const { id, entry } of entries) {
      if (id <= (this.#taken.get(cell) ?? 0)) continue;
      this.#taken.set(cell, id);
      if (entry.kind === "mail") this.#takeMail(cell, entry.mail, { source: entry.from, collected: id });
      else if (entry.kind === "call") this.#takeCall(cell, entry, id);
      else {
        if (!this.#engine.remote.settle(entry.id, entry.outcome)) settleStored(this.#engine, entry.id, entry.outcome);
        this.#remove(cell, id);
      }
    }
  }

  #takeMail(
    cell: Cell,
    mail: Mail,
    arrival: { readonly source: string | undefined; readonly collected: number },
  ): void {
    const { agents, post } = this.#engine;
    const refuse = (error: unknown): void => {
      const kept = post.fail({ mail, error: toError(error), reason: "undeliverable" });
      if (kept === undefined) this.#remove(cell, arrival.collected);
      else void kept.then(() => this.#remove(cell, arrival.collected));
    };
    try {
      const stored: MaybePromise<void> = agents.with(mail.recipient, (agent) => post.storeAt(agent, mail, arrival));
      // A write that fails loses the cell; whoever opens it next finds the entry where it was.
      if (isPromiseLike(stored)) stored.then(undefined, () => {});
    } catch (error) {
      refuse(error);
    }
  }

  #takeCall(cell: Cell, entry: Extract<CollectedEntry["entry"], { readonly kind: "call" }>, id: number): void {
    const engine = this.#engine;
    const done = this.#handleCall(cell, entry.call).then((outcome) => {
      this.#remove(cell, id);
      return engine.store.deliver(entry.replyTo, [{ kind: "result", id: entry.id, outcome }]);
    });
    engine.own(done, `call for cell "${cell.name}" from another process`);
  }

  #remove(cell: Cell, collected: number): void {
    try {
      const written = cell.append([], collected);
      if (isPromiseLike(written)) written.then(undefined, () => {});
    } catch {
      // The cell is lost: its next owner takes the entry again, and knows it.
    }
  }
}

/** A cell that is lost is reported where it is lost. */
function unlessOwnerLost(error: unknown): void {
  if (!isOwnerLost(error)) throw error;
}
