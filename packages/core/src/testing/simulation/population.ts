/**
 * The processes of a simulated program: how they begin, die, fall silent, wake and end.
 *
 * Owns: which processes live, which are taken for dead, which deaths others have not noticed yet.
 * Invariants:
 * 1. There is always at least one process that lives and is not taken for dead.
 * 2. The clocks of living processes show the same time; that of a silent one stands still.
 */
import { type RandomSource, yieldMacrotask } from "../../async/index.ts";
import { settleWithin } from "./settle-within.ts";
import type { SimulatedProcess } from "./process.ts";
import { hold } from "./violation.ts";

/** What a population needs of its episode. */
export interface PopulationHost {
  readonly random: RandomSource;
  readonly create: (generation: number, startMs: number) => SimulatedProcess;
  /** A process has gone: nobody hears of it any more, and whoever watched it must look elsewhere. */
  readonly gone: (process: SimulatedProcess) => void;
  /** A process that was gone is back: whoever has asked it hears of it again. */
  readonly back: (process: SimulatedProcess) => void;
  /** The requests that a process has not ended. */
  readonly waitingFor: (process: SimulatedProcess) => ReadonlySet<string>;
}

/** Processes at the same time. */
const maxLiving = 3;
/** Steps after which a death is noticed at the latest, and after which a silent process wakes. */
const maxDelaySteps = 10;

export class Population {
  readonly #host: PopulationHost;
  readonly #living: SimulatedProcess[] = [];
  readonly #silent: Map<SimulatedProcess, number> = new Map();
  readonly #unnoticed: Map<SimulatedProcess, number> = new Map();
  #generation = 0;

  constructor(host: PopulationHost) {
    this.#host = host;
  }

  get living(): readonly SimulatedProcess[] {
    return this.#living;
  }

  /** All that can still do something, the silent ones included. */
  get all(): readonly SimulatedProcess[] {
    return [...this.#living, ...this.#silent.keys()];
  }

  /** One that lives. */
  any(): SimulatedProcess {
    const process = this.#living[Math.floor(this.#host.random.next() * this.#living.length)];
    if (process === undefined) throw new Error("no process lives");
    return process;
  }

  /** Adds a process, which takes up what nobody works on. */
  async start(startMs: number): Promise<void> {
    const process = this.#host.create(this.#generation, startMs);
    this.#generation += 1;
    this.#living.push(process);
    await process.start();
  }

  async join(): Promise<string> {
    if (this.#living.length >= maxLiving) return "join nothing";
    await this.start(this.any().clock.now());
    return `join ${this.#living.length}`;
  }

  advance(durationMs: number): void {
    for (const process of this.#living) process.clock.advance(durationMs);
  }

  /** A process dies, perhaps in the midst of what it does next; another one goes on with what is stored. */
  async crash(): Promise<string> {
    const { random } = this.#host;
    const process = this.any();
    const writes = Math.floor(random.next() * 6);
    process.store.kill(writes);
    if (random.next() < 0.5) process.openGates();
    for (let turn = Math.floor(random.next() * 10); turn > 0 && !process.store.isDead; turn--) await yieldMacrotask();
    process.die();
    const isSeen = random.next() < 0.6;
    if (isSeen) process.expire();
    else this.#unnoticed.set(process, this.#delay());
    await this.#replace(process);
    return `crash after ${writes} writes, ${isSeen ? "seen" : "not seen"}`;
  }

  /** A process closes in order; another one goes on. */
  async restart(): Promise<string> {
    const process = this.any();
    await this.#close(process, 20);
    await this.#replace(process);
    return "restart";
  }

  /** A process is taken for dead while it lives: its clock stands still, others take its cells, and later it wakes. */
  async takeOver(): Promise<string> {
    const process = this.any();
    process.isSilent = true;
    process.expire();
    this.#silent.set(process, this.#delay());
    await this.#replace(process);
    return "take over";
  }

  /** Lets a step pass: deaths are noticed, and who was silent wakes. */
  async pass(isLast = false): Promise<void> {
    for (const [process, steps] of this.#unnoticed) {
      this.#unnoticed.set(process, steps - 1);
      if (steps > 0 && !isLast) continue;
      this.#unnoticed.delete(process);
      process.expire();
    }
    for (const [process, steps] of this.#silent) {
      this.#silent.set(process, steps - 1);
      if (steps > 0 && !isLast) continue;
      this.#silent.delete(process);
      await this.#wake(process);
    }
  }

  /** Closes all but one. */
  async leaveOne(): Promise<SimulatedProcess> {
    for (const process of this.#living.slice(1)) {
      await this.#close(process, 0);
      this.#remove(process);
    }
    return this.any();
  }

  /** Closes the last one. */
  async end(): Promise<void> {
    for (const process of this.#living) await this.#close(process, 0);
  }

  #delay(): number {
    return Math.floor(this.#host.random.next() * maxDelaySteps);
  }

  async #replace(process: SimulatedProcess): Promise<void> {
    this.#remove(process);
    if (this.#living.length > 0 && this.#host.random.next() < 0.5) return;
    await this.start(process.clock.now());
  }

  #remove(process: SimulatedProcess): void {
    this.#living.splice(this.#living.indexOf(process), 1);
    this.#host.gone(process);
  }

  async #close(process: SimulatedProcess, graceMs: number): Promise<void> {
    await settleWithin(process.runtime.close({ graceMs }), "close", process.clock);
    const waiting = this.#host.waitingFor(process);
    hold(waiting.size === 0, "C19", () => `a closed runtime has not told ${[...waiting].join(", ")}`);
    if (process.violation !== undefined) throw process.violation;
    process.die();
    process.expire();
  }

  /** One that wakes finds that it owns nothing and tells whoever asked it; it ends in order without harm to others, or goes on. */
  async #wake(process: SimulatedProcess): Promise<void> {
    process.clock.advance(Math.max(0, this.any().clock.now() - process.clock.now()));
    process.openGates();
    for (let turn = Math.floor(this.#host.random.next() * 8); turn > 0; turn--) await yieldMacrotask();
    if (this.#living.length >= maxLiving || this.#host.random.next() < 0.5) await this.#close(process, 0);
    else {
      this.#living.push(process);
      this.#host.back(process);
    }
  }
}
