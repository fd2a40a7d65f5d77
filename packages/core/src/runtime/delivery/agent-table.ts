/**
 * The agents in memory: brought in when addressed, passivated when idle (C1).
 *
 * Owns: activations, cells, the idle list. Does not own: definitions (AgentDirectory).
 * Invariants:
 * B1. One activation for each agent, one cell object for each cell, also when many messages arrive at once.
 * B2. Only agents at rest are passivated; their state stays in their cell, their cell's in the store.
 * B3. An agent equal to its initial state leaves nothing.
 */
import { isPromiseLike, type MaybePromise, type TimerHandle } from "../../async/index.ts";
import { type AgentId, formatAgentId } from "../../identity/index.ts";
import { Cell } from "../cell/cell.ts";
import type { CellFold } from "../cell/fold-log.ts";
import type { Engine } from "../engine.ts";
import { Activation } from "./activation.ts";
import { IdleList } from "./idle-list.ts";

export class AgentTable {
  readonly #engine: Engine;
  readonly #agents = new Map<string, Activation>();
  readonly #cells = new Map<string, Cell>();
  readonly #opening = new Map<string, PromiseLike<Cell>>();
  readonly #idle = new IdleList<Activation>();
  /** Timers of stored state with a time to live, by agent. */
  readonly #expiries = new Map<string, TimerHandle>();
  #sweep: TimerHandle | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get size(): number {
    return this.#agents.size;
  }

  get cellCount(): number {
    return this.#cells.size;
  }

  /** The activation of an agent, brought in when it is not there. @throws DeliveryError `delivery.no_such_agent`. */
  find(id: AgentId): MaybePromise<Activation> {
    const key = formatAgentId(id);
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const cell = this.cell(this.#engine.directory.cellOf(id), id);
    return isPromiseLike(cell) ? cell.then((opened) => this.#activate(id, key, opened)) : this.#activate(id, key, cell);
  }

  #activate(id: AgentId, key: string, cell: Cell): Activation {
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const blueprint = this.#engine.directory.get(id);
    const agent = new Activation(this.#engine, id, { blueprint, cell });
    this.#agents.set(key, agent);
    this.#expiries.get(key)?.cancel();
    this.#expiries.delete(key);
    cell.join(key);
    this.#engine.observe?.({ kind: "agent-activated", agent: id });
    // Whoever asked for it has something for it: it may push out others, not itself.
    this.#rest(agent, agent);
    return agent;
  }

  peek(id: AgentId): Activation | undefined {
    return this.#agents.get(formatAgentId(id));
  }

  all(): IterableIterator<Activation> {
    return this.#agents.values();
  }

  allCells(): IterableIterator<Cell> {
    return this.#cells.values();
  }

  findCell(name: string): Cell | undefined {
    return this.#cells.get(name);
  }

  /** The cell of that name, opened when it is not. What its log still wants done is resumed. */
  cell(name: string, member: AgentId): MaybePromise<Cell> {
    const known = this.#cells.get(name) ?? this.#opening.get(name);
    if (known !== undefined) return known;
    const isLogged = this.#engine.directory.get(member).options.cell !== undefined;
    return this.openCell(name, isLogged);
  }

  /** A cell is opened once: whoever asks while it opens gets the same one, because every claim fences the one before. */
  openCell(name: string, isLogged: boolean): MaybePromise<Cell> {
    const known = this.#cells.get(name) ?? this.#opening.get(name);
    if (known !== undefined) return known;
    const cell = new Cell({ name, owner: this.#engine.owner, store: this.#engine.store, isLogged });
    const opened = cell.open();
    if (!isPromiseLike(opened)) return this.#opened(cell, opened);
    const opening = opened.then((fold) => {
      this.#opening.delete(name);
      return this.#opened(cell, fold);
    });
    this.#opening.set(name, opening);
    return opening;
  }

  #opened(cell: Cell, fold: CellFold | undefined): Cell {
    this.#cells.set(cell.name, cell);
    if (fold !== undefined) this.#engine.resume(cell, fold);
    return cell;
  }

  /** An agent has nothing to do. */
  rest(agent: Activation): void {
    this.#rest(agent, undefined);
  }

  #rest(agent: Activation, wanted: Activation | undefined): void {
    agent.restingSince = this.#engine.clock.monotonic();
    this.#idle.add(agent);
    while (this.#idle.size > this.#engine.limits.maxIdleAgents) {
      const { oldest } = this.#idle;
      if (oldest === undefined || oldest === wanted) break;
      this.passivate(oldest, "capacity");
    }
    if (this.#engine.limits.idleTtlMs < Number.POSITIVE_INFINITY) this.#sweep ??= this.#startSweep();
  }

  wake(agent: Activation): void {
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
    if (cell.isEmpty && !cell.isLogged) this.#dropCell(cell);
  }

  #notify(agent: Activation): void {
    try {
      const done = agent.passivated();
      if (isPromiseLike(done)) this.#engine.own(done, `onPassivate of "${agent.key}"`);
    } catch (error) {
      this.#engine.report(error, `onPassivate of "${agent.key}"`);
    }
  }

  #dropCell(cell: Cell): void {
    const written = cell.rest();
    if (isPromiseLike(written)) this.#engine.own(written, `snapshot of cell "${cell.name}"`);
    this.#cells.delete(cell.name);
  }

  /** Drops stored state that nobody asked for in time (C4). */
  #expireLater(agent: Activation, ttlMs: number): void {
    const timer = this.#engine.timers.set(ttlMs, () => {
      this.#expiries.delete(agent.key);
      const cell = this.#cells.get(agent.cell.name);
      if (cell !== undefined) cell.keep(agent.key, undefined);
      else this.#engine.own(Promise.resolve(this.#engine.store.prune(agent.cell.name)), `expiry of "${agent.key}"`);
    });
    this.#expiries.set(agent.key, timer);
  }

  /** Forgets a cell and its agents without a trace. */
  removeCell(name: string): void {
    const cell = this.#cells.get(name);
    if (cell === undefined) return;
    for (const agent of this.membersOf(cell)) {
      agent.drain();
      for (const turn of agent.turns) turn.abandonAtClose();
      this.#idle.remove(agent);
      this.#agents.delete(agent.key);
      this.#notify(agent);
    }
    this.#cells.delete(name);
  }

  /** The active agents of a cell. */
  membersOf(cell: Cell): readonly Activation[] {
    return [...cell.members].map((key) => this.#agents.get(key)).filter((agent) => agent !== undefined);
  }

  clear(): void {
    this.#sweep?.cancel();
    for (const timer of this.#expiries.values()) timer.cancel();
    this.#expiries.clear();
    for (const agent of this.#agents.values()) this.passivate(agent, "closing");
    for (const cell of this.#cells.values()) cell.endWatchers();
    this.#cells.clear();
  }
}
