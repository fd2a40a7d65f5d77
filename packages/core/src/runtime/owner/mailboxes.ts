/**
 * The cells in which processes are answered by others: this one's, one for each name that it has had towards the store, and those that
 * others have left.
 *
 * Owns: the names that this process has asked under. Does not own: what is awaited (RemoteDesk, PendingRequests).
 * Invariants:
 * N1. What was asked under a name is heard there, also after the worker was declared dead or its mailbox was claimed: it is opened again, and
 *     tried with every heartbeat until it is open.
 * N2. A mailbox without an owner keeps what it holds for a week after somebody has found it so: its worker may only be silent.
 * N3. Nobody waits for an answer that may be gone: a process that was silent for so long tells its callers (C11).
 */
import { StateError, StoreError } from "../../errors/index.ts";
import { formatAgentId } from "../../identity/index.ts";
import type { CellRow, Mail } from "../../store/index.ts";
import { isFenced } from "../cell/owner-lost.ts";
import { isLetterCell } from "../delivery/stored-letters.ts";
import type { Engine } from "../engine.ts";
import { tryOpen } from "./anywhere.ts";
import { isOwnedElsewhere } from "./owned-elsewhere.ts";

/** For so long a silent worker's mailbox keeps what others have answered: as long as a question waits for a person. Milliseconds. */
const mailboxKeptMs = 604_800_000;

export class Mailboxes {
  readonly #engine: Engine;
  readonly #names = new Set<string>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The cell in which this process is answered now, open. */
  async open(): Promise<string> {
    const name = workerCell(this.#engine.owner);
    this.#names.add(name);
    await this.#engine.agents.openCell(name, () => undefined);
    return name;
  }

  /** Opens those that are not open (N1). */
  keep(): void {
    const { agents } = this.#engine;
    for (const name of this.#names)
      if (!agents.cells.isPresent(name)) this.#engine.own(this.#openAgain(name), `opening of cell "${name}"`);
  }

  /** One that somebody else holds is that one's for the moment: it is tried again. */
  async #openAgain(name: string): Promise<void> {
    await tryOpen(this.#engine, name);
  }

  /** Looks whether they are still this process's, which was not heard of since then: others may have taken it for dead (N1, N3). */
  async lookAfterSilence(since: number): Promise<void> {
    const { clock, inbox } = this.#engine;
    const before = clock.now() - mailboxKeptMs;
    try {
      for (const name of this.#names) {
        const cell = await tryOpen(this.#engine, name);
        if (cell !== undefined) await inbox.check(cell);
      }
    } finally {
      if (since <= before) this.#giveUp(before);
    }
  }

  /** Ends the calls of before that time which other processes may have answered long ago. */
  #giveUp(before: number): void {
    const { agents, directory, pending } = this.#engine;
    pending.end((mail) => {
      const isOwn = mail.replyTo === undefined || mail.replyTo.kind !== "outside";
      const isHere = isOwn || agents.cells.isPresent(directory.cellOf(mail.recipient));
      return isHere || mail.at > before ? undefined : silentTooLong(mail);
    });
  }

  /** Notes which mailboxes have no owner, and drops those of which that is known for long (N2). @throws StoreError `store.unavailable`. */
  async tidy(rows: readonly CellRow[]): Promise<void> {
    const before = this.#engine.clock.now() - mailboxKeptMs;
    for (const row of rows) {
      const isLeft = row.owner === undefined && isWorkerCell(row.cell) && !isLetterCell(row.cell);
      if (isLeft && !this.#names.has(row.cell) && (row.position === 0 || row.updatedAt <= before))
        await this.#tidyOne(row);
    }
  }

  async #tidyOne(row: CellRow): Promise<void> {
    try {
      await this.#claimed(row);
    } catch (error) {
      if (error instanceof StoreError && error.code === "store.unavailable") throw error;
      // Its worker lives, or somebody else has looked after it meanwhile.
      if (!isOwnedElsewhere(error) && !isFenced(error)) this.#engine.report(error, `tidying of cell "${row.cell}"`);
    }
  }

  /** A silent worker is declared dead by the claim: when it wakes it hears that, and opens its mailbox again. */
  async #claimed({ cell, position }: CellRow): Promise<void> {
    const { store, owner, clock, leases } = this.#engine;
    leases.start();
    const claim = await store.claim(cell, owner);
    // Nobody has held it since it was found without an owner a week ago.
    if (claim.isClean && claim.position > 0 && claim.position === position) return store.prune(cell);
    try {
      await store.append(cell, claim, [{ kind: "recovered", at: clock.now() }]);
    } finally {
      await store.release(owner, cell);
    }
  }

  /** Drops those of this process. */
  async close(): Promise<void> {
    for (const name of this.#names.add(workerCell(this.#engine.owner))) await this.#engine.store.prune(name);
  }
}

/** The cell whose inbox takes the answers for a worker. */
export function workerCell(worker: string): string {
  return `~${worker}`;
}

/** True for a cell that belongs to a worker, this one or another: its inbox for answers, its dead letters. */
export function isWorkerCell(cell: string): boolean {
  return cell.startsWith("~");
}

function silentTooLong(mail: Mail): StateError {
  const recipient = formatAgentId(mail.recipient);
  return new StateError(
    "state.owner_lost",
    `This process was silent for so long that the answer of "${recipient}" to "${mail.type}" may be gone`,
    {
      remedy: "Look whether it was done, and ask again if it was not.",
      details: { recipient, messageId: mail.messageId },
    },
  );
}
