/**
 * Keeps this process the owner of its cells (C24), and looks for what others have put into their inboxes.
 *
 * Owns: the heartbeat and the watch on the store, from the first cell to `stop()`.
 * Invariants:
 * L1. One unreferenced timer while the runtime is open, none before its first cell and after its end (C29).
 * L2. A worker that was declared dead loses all its cells at once and goes on under another name.
 * L3. A heartbeat that fails is reported once, until one succeeds again.
 * L4. What it has asked other processes before is still answered: it keeps the mailbox of its old name (Mailboxes).
 * L5. A cell that the store holds for this process though it is not in memory, because its claim was not answered or its release has failed, is
 *     opened when it has mail.
 */
import { isPromiseLike, type TimerHandle } from "../../async/index.ts";
import { StoreError } from "../../errors/index.ts";
import { loseCell } from "../cell/end-cell.ts";
import { ownerLost } from "../cell/owner-lost.ts";
import type { Engine } from "../engine.ts";
import { tryOpen } from "./anywhere.ts";
import { isWorkerCell } from "./mailboxes.ts";

/** Milliseconds between heartbeats, and without one after which a store counts the worker as dead. */
const heartbeatMs = 1_000;
const leaseMs = 15_000;

export class LeaseKeeper {
  readonly #engine: Engine;
  #timer: TimerHandle | undefined;
  #unwatch: (() => void) | undefined;
  #isBeating = false;
  /** Something was written elsewhere while a heartbeat was under way. */
  #isWanted = false;
  #hasFailed = false;
  #isStopped = false;
  /** When the store last answered to a heartbeat. Epoch milliseconds: they pass also while the machine sleeps. */
  #heardAt = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Begins with the first cell; later calls change nothing. */
  start(): void {
    const { store } = this.#engine;
    if (!store.isDurable || this.#unwatch !== undefined || this.#isStopped) return;
    this.#heardAt = this.#engine.clock.now();
    this.#unwatch = store.watch(() => this.check());
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /** Looks now, without waiting for the next heartbeat. */
  check(): void {
    if (this.#isStopped) return;
    if (this.#isBeating) this.#isWanted = true;
    else void this.#beat();
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = this.#engine.timers.set(heartbeatMs, () => this.check());
  }

  async #beat(): Promise<void> {
    this.#isBeating = true;
    this.#isWanted = false;
    const { owner, store } = this.#engine;
    try {
      const heard = store.heartbeat(owner);
      const cells = isPromiseLike(heard) ? await heard : heard;
      this.#hasFailed = false;
      if (!this.#isStopped) {
        this.#takeMail(cells);
        this.#heard();
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#isBeating = false;
    if (this.#isStopped) return;
    this.#schedule();
    if (this.#isWanted) void this.#beat();
  }

  /** The store has answered: what it says of this worker is true now, and may have changed while it was silent. */
  #heard(): void {
    const { clock, remote } = this.#engine;
    const before = this.#heardAt;
    this.#heardAt = clock.now();
    remote.mailboxes.keep();
    if (this.#heardAt - before > leaseMs)
      this.#engine.own(remote.mailboxes.lookAfterSilence(before), "look at the mailboxes of the runtime");
  }

  #takeMail(names: readonly string[]): void {
    const { agents, inbox } = this.#engine;
    for (const name of names) {
      const cell = agents.cells.get(name);
      const checked = cell === undefined ? this.#openHeld(name) : inbox.check(cell);
      if (isPromiseLike(checked)) this.#engine.own(checked, `inbox of cell "${name}"`);
    }
  }

  /** What its inbox holds is taken when it opens (L5). */
  async #openHeld(name: string): Promise<void> {
    if (isWorkerCell(name) || this.#engine.directory.mayOwn(name)) await tryOpen(this.#engine, name);
  }

  #failed(error: unknown): void {
    if (this.#isStopped) return;
    if (error instanceof StoreError && error.code === "store.fenced") this.#loseAll(error);
    else if (!this.#hasFailed) this.#engine.report(error, "heartbeat of the runtime");
    this.#hasFailed = true;
  }

  #loseAll(cause: Error): void {
    const engine = this.#engine;
    engine.renameOwner();
    const cells = [...engine.agents.cells.all()];
    for (const cell of cells) {
      const error = ownerLost(cell.name, cause);
      cell.stop(error);
      loseCell(engine, cell, error);
    }
    this.#heard();
  }
}
