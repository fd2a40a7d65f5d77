/**
 * The agents in memory: brought in when addressed, passivated when idle (C1).
 *
 * Owns: activations, the idle list. Does not own: definitions (AgentDirectory), which cells are open (CellTable).
 * Invariants:
 * B1. One activation for each agent, also when many messages arrive at once and when the next one evicts it.
 * B2. Only agents at rest are passivated; their state stays in their cell, their cell's in the store.
 * B3. An agent equal to its initial state leaves nothing.
 * B4. A cell whose release has not been answered leaves memory all the same: it may be another process's since then.
 */
import { isPromiseLike, type MaybePromise, type TimerHandle } from "../../async/index.ts";
import { type AgentId, formatAgentId } from "../../identity/index.ts";
import type { Cell } from "../cell/cell.ts";
import { CellTable } from "../cell/cell-table.ts";
import { loseCell, runtimeClosed } from "../cell/end-cell.ts";
import { resumeCell } from "../cell/resume-cell.ts";
import { CellReleases } from "../owner/cell-releases.ts";
import type { Engine } from "../engine.ts";
import { Activation } from "./activation.ts";
import { IdleList } from "./idle-list.ts";

export class AgentTable {
  readonly #engine: Engine;
  readonly #agents = new Map<string, Activation>();
  readonly cells: CellTable;
  readonly #releases: CellReleases;
  readonly #idle = new IdleList<Activation>();
  /** Cells with a log, on a store that outlives the process, in which nothing is left to do: longest first. */
  readonly #restingCells = new Set<Cell>();
  /** Timers of stored state with a time to live, by agent. */
  readonly #expiries = new Map<string, TimerHandle>();
  #sweep: TimerHandle | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#releases = new CellReleases(engine);
    this.cells = new CellTable({
      parts: () => ({
        store: engine.store,
        owner: engine.owner,
        now: () => engine.clock.now(),
        rememberMs: engine.limits.deduplicationMs,
        imageOf: (agent) => this.#agents.get(agent)?.image(),
      }),
      opened: (cell, found) => {
        engine.leases.start();
        try {
          resumeCell(engine, cell, found);
        } catch (error) {
          engine.report(error, `resumption of cell "${cell.name}"`);
        }
      },
      lost: (cell, error) => loseCell(engine, cell, error),
      stored:
        engine.observe === undefined
          ? undefined
          : (cell, event) => engine.observe?.({ kind: "event-stored", cell, event }),
      closedError: runtimeClosed,
    });
  }

  get size(): number {
    return this.#agents.size;
  }

  /**
   * Hands the activation of an agent to `use`, brought in when it is not there: at once, or inside the opening of its cell, so that
   * callers are served in the order in which they asked.
   *
   * @throws DeliveryError `delivery.no_such_agent`, `delivery.runtime_closed`.
   */
  with<T>(id: AgentId, use: (agent: Activation) => MaybePromise<T>): MaybePromise<T> {
    const key = formatAgentId(id);
    const known = this.#agents.get(key);
    if (known !== undefined && this.#isCurrent(known)) return use(known);
    const { directory } = this.#engine;
    const keepsLog = directory.get(id).options.cell !== undefined;
    return this.cells.with(directory.cellOf(id), keepsLog, (cell) => {
      const agent = this.#activate(id, key, cell);
      const result = use(agent);
      if (agent.isAtRest && !agent.isListed) this.rest(agent);
      return result;
    });
  }

  /** False for an agent whose cell was lost while it was being brought in. */
  #isCurrent(agent: Activation): boolean {
    return agent.cell.work === undefined || this.cells.get(agent.cell.name) === agent.cell;
  }

  /** Opens a cell by its name. */
  openCell<T>(name: string, use: (cell: Cell) => MaybePromise<T>): MaybePromise<T> {
    return this.cells.with(name, this.#engine.directory.keepsLog(name), use);
  }

  #activate(id: AgentId, key: string, cell: Cell): Activation {
    const known = this.#agents.get(key);
    if (known !== undefined && known.cell === cell) return known;
    const blueprint = this.#engine.directory.get(id);
    const agent = new Activation(this.#engine, id, { blueprint, cell });
    this.#agents.set(key, agent);
    this.#expiries.get(key)?.cancel();
    this.#expiries.delete(key);
    cell.join(key);
    this.#engine.observe?.({ kind: "agent-activated", agent: id });
    return agent;
  }

  peek(id: AgentId): Activation | undefined {
    return this.#agents.get(formatAgentId(id));
  }

  peekKey(key: string): Activation | undefined {
    return this.#agents.get(key);
  }

  all(): IterableIterator<Activation> {
    return this.#agents.values();
  }

  /** An agent has nothing to do. */
  rest(agent: Activation): void {
    // One that was dropped with its cell ends its turns, and may have a successor already.
    if (this.#agents.get(agent.key) === agent) this.#rest(agent, undefined);
  }

  #rest(agent: Activation, wanted: Activation | undefined): void {
    agent.restingSince = this.#engine.clock.monotonic();
    this.#idle.add(agent);
    const { cell } = agent;
    if (cell.keepsLog && cell.work !== undefined && this.#isCellAtRest(cell)) {
      this.#restingCells.add(cell);
      if (this.#restingCells.size > this.#engine.limits.maxRestingCells) this.#evictCells();
    }
    while (this.#idle.size > this.#engine.limits.maxIdleAgents) {
      const { oldest } = this.#idle;
      if (oldest === undefined || oldest === wanted) break;
      this.passivate(oldest, "capacity");
    }
    if (this.#engine.limits.idleTtlMs < Number.POSITIVE_INFINITY) this.#sweep ??= this.#startSweep();
  }

  wake(agent: Activation): void {
    this.#restingCells.delete(agent.cell);
    this.#idle.remove(agent);
  }

  #startSweep(): TimerHandle {
    return this.#engine.timers.set(Math.max(1, this.#engine.limits.idleTtlMs), () => {
      this.#sweep = undefined;
      const before = this.#engine.clock.monotonic() - this.#engine.limits.idleTtlMs;
      for (
        let oldest = this.#idle.oldest;
        oldest !== undefined && oldest.restingSince <= before;
        oldest = this.#idle.oldest
      )
        this.passivate(oldest, "idle");
      if (this.#idle.size > 0) this.#sweep = this.#startSweep();
    });
  }

  /** Drops an activation; its state stays. */
  passivate(agent: Activation, reason: "idle" | "capacity" | "closing"): void {
    this.#idle.remove(agent);
    this.#agents.delete(agent.key);
    const { cell } = agent;
    const image = agent.image();
    cell.keep(agent.key, image);
    cell.leave(agent.key);
    if (image !== undefined && agent.blueprint.options.stateTtlMs !== undefined)
      this.#expireLater(agent, agent.blueprint.options.stateTtlMs);
    this.#engine.observe?.({ kind: "agent-passivated", agent: agent.id, reason });
    this.#notify(agent);
    // What it has asked of others may still come back.
    if (cell.isEmpty && !cell.keepsLog && (cell.work?.isBusy !== true || reason === "closing")) this.#dropCell(cell);
  }

  /** Takes cells with a log out of memory that have rested longest, beyond the number that may stay: the store has all of them. */
  #evictCells(): void {
    for (const cell of this.#restingCells) {
      if (this.#restingCells.size <= this.#engine.limits.maxRestingCells) return;
      this.#restingCells.delete(cell);
      if (this.cells.get(cell.name) !== cell) continue;
      if (cell.isWatched) this.#restingCells.add(cell);
      else this.#evict(cell);
      if (cell.isWatched) return;
    }
  }

  #evict(cell: Cell): void {
    for (const agent of this.membersOf(cell)) this.passivate(agent, "capacity");
    for (const run of cell.runs()) if (run.isPaused) this.#engine.pausedRuns -= 1;
    this.#dropCell(cell);
  }

  /** True when nothing in a cell is at work, waits or is on its way. */
  #isCellAtRest(cell: Cell): boolean {
    return cell.work?.isBusy === false && this.membersOf(cell).every((agent) => agent.isListed);
  }

  #notify(agent: Activation): void {
    try {
      const done = agent.passivated();
      if (isPromiseLike(done)) this.#engine.own(done, `onPassivate of "${agent.key}"`);
    } catch (error) {
      this.#engine.report(error, `onPassivate of "${agent.key}"`);
    }
  }

  /** A cell whose snapshot cannot be written stays: what it holds is nowhere else. */
  #dropCell(cell: Cell): void {
    const engine = this.#engine;
    const { owner } = engine;
    const what = `snapshot of cell "${cell.name}"`;
    try {
      const written = cell.rest();
      const left = isPromiseLike(written)
        ? written.then(
            () => this.#releases.release(cell.name, owner),
            (error: unknown) => {
              this.cells.putBack(cell);
              throw error;
            },
          )
        : this.#releases.release(cell.name, owner);
      if (isPromiseLike(left)) engine.own(left, what);
      this.cells.remove(cell.name, left);
    } catch (error) {
      engine.report(error, what);
    }
  }

  /** Drops stored state that nobody asked for in time (C4). */
  #expireLater(agent: Activation, ttlMs: number): void {
    const timer = this.#engine.timers.set(ttlMs, () => {
      this.#expiries.delete(agent.key);
      const cell = this.cells.get(agent.cell.name);
      if (cell !== undefined) cell.keep(agent.key, undefined);
      else this.#engine.own(Promise.resolve(this.#engine.store.prune(agent.cell.name)), `expiry of "${agent.key}"`);
    });
    this.#expiries.set(agent.key, timer);
  }

  /** Drops the agents of a cell that is gone: their mail and turns go nowhere. */
  dropMembers(cell: Cell, reason: Error): void {
    for (const agent of this.membersOf(cell)) {
      this.#idle.remove(agent);
      this.#agents.delete(agent.key);
      agent.drain();
      for (const turn of agent.turns) turn.abandonUnrecorded(reason);
      this.#notify(agent);
    }
  }

  /** The active agents of a cell. */
  membersOf(cell: Cell): readonly Activation[] {
    const members = cell.keepsLog ? [...cell.members] : [cell.name];
    return members
      .map((key) => this.#agents.get(key))
      .filter((agent) => agent !== undefined)
      .filter((agent) => agent.cell === cell);
  }

  /** Takes everything out of memory; resolves when the last writes of the cells have settled. */
  async clear(): Promise<void> {
    this.#sweep?.cancel();
    for (const timer of this.#expiries.values()) timer.cancel();
    this.#expiries.clear();
    for (const agent of this.#agents.values()) this.passivate(agent, "closing");
    this.#restingCells.clear();
    const flushed = [...this.cells.all()].map(async (cell) => cell.flush());
    this.cells.close();
    // A write that fails is reported where it is lost.
    await Promise.allSettled(flushed);
  }
}
